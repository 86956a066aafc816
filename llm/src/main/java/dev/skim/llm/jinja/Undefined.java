package dev.skim.llm.jinja;

/** A value that is not there: it prints as nothing, is false and empty, and fails in any other use. */
final class Undefined {
    private final String hint;
    private final Object owner;
    private final Object name;

    private Undefined(String hint, Object owner, Object name) {
        this.hint = hint;
        this.owner = owner;
        this.name = name;
    }

    static Undefined variable(String name) {
        return new Undefined(null, null, name);
    }

    /** The attribute or element {@code name} that {@code owner} has not. */
    static Undefined member(Object owner, Object name) {
        return new Undefined("", owner, name);
    }

    static Undefined because(String hint) {
        return new Undefined(hint, null, null);
    }

    TemplateException failure() {
        if (hint == null) {
            return new TemplateException(Text.repr(name) + " is undefined");
        }
        if (!hint.isEmpty()) {
            return new TemplateException(hint);
        }
        String type = owner == null ? "None" : Values.typeName(owner) + " object";
        return new TemplateException(name instanceof String
                ? "'" + type + "' has no attribute " + Text.repr(name)
                : type + " has no element " + Text.repr(name));
    }
}
