package dev.skim.llm.jinja;

/**
 * Text that is marked {@code safe}. There is no autoescape, and yet the mark shows: what is added to such text with
 * {@code +} is HTML-escaped, and some templates (functionary's) run into it.
 */
record Markup(String text) {
    static Markup escape(Object value) {
        if (value instanceof Markup markup) {
            return markup;
        }
        String text = Text.str(value);
        StringBuilder out = new StringBuilder(text.length() + 16);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '\'' -> out.append("&#39;");
                case '"' -> out.append("&#34;");
                default -> out.append(c);
            }
        }
        return new Markup(out.toString());
    }

    /** The bare text of a marked string, anything else as it is. */
    static Object strip(Object value) {
        return value instanceof Markup markup ? markup.text : value;
    }
}
