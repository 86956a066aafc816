package dev.skim.llm.jinja;

import java.time.LocalDateTime;
import java.time.temporal.ChronoUnit;

/** C's {@code strftime} in the C locale, as Python's {@code datetime.strftime} gives it for a time without a zone. */
final class Strftime {
    private static final String[] DAYS = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
    private static final String[] MONTHS = {
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December"
    };

    private Strftime() {}

    static String format(LocalDateTime time, String format) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c != '%' || i + 1 == format.length()) {
                out.append(c);
                continue;
            }
            c = format.charAt(++i);
            // GNU's flag for numbers without padding; no other flag is in use.
            boolean bare = c == '-' && i + 1 < format.length();
            if (bare) {
                c = format.charAt(++i);
            }
            field(time, c, bare, out);
        }
        return out.toString();
    }

    private static void field(LocalDateTime time, char c, boolean bare, StringBuilder out) {
        String day = DAYS[time.getDayOfWeek().getValue() - 1];
        String month = MONTHS[time.getMonthValue() - 1];
        int weekday = time.getDayOfWeek().getValue() % 7;
        int hour12 = (time.getHour() + 11) % 12 + 1;
        switch (c) {
            case 'd' -> number(time.getDayOfMonth(), bare ? 1 : 2, '0', out);
            case 'e' -> number(time.getDayOfMonth(), bare ? 1 : 2, ' ', out);
            case 'm' -> number(time.getMonthValue(), bare ? 1 : 2, '0', out);
            case 'y' -> number(Math.floorMod(time.getYear(), 100), bare ? 1 : 2, '0', out);
            case 'Y' -> out.append(time.getYear());
            case 'C' -> number(Math.floorDiv(time.getYear(), 100), bare ? 1 : 2, '0', out);
            case 'B' -> out.append(month);
            case 'b', 'h' -> out.append(month, 0, 3);
            case 'A' -> out.append(day);
            case 'a' -> out.append(day, 0, 3);
            case 'H' -> number(time.getHour(), bare ? 1 : 2, '0', out);
            case 'I' -> number(hour12, bare ? 1 : 2, '0', out);
            case 'M' -> number(time.getMinute(), bare ? 1 : 2, '0', out);
            case 'S' -> number(time.getSecond(), bare ? 1 : 2, '0', out);
            case 'f' -> number(time.getNano() / 1000, 6, '0', out);
            case 'p' -> out.append(time.getHour() < 12 ? "AM" : "PM");
            case 'j' -> number(time.getDayOfYear(), bare ? 1 : 3, '0', out);
            case 'u' -> out.append(time.getDayOfWeek().getValue());
            case 'w' -> out.append(weekday);
            case 'U' -> number((time.getDayOfYear() + 6 - weekday) / 7, bare ? 1 : 2, '0', out);
            case 'W' -> number((time.getDayOfYear() + 6 - (weekday + 6) % 7) / 7, bare ? 1 : 2, '0', out);
            case 's' -> out.append(ChronoUnit.SECONDS.between(LocalDateTime.of(1970, 1, 1, 0, 0), time));
            case 'D', 'x' -> out.append(format(time, "%m/%d/%y"));
            case 'F' -> out.append(format(time, "%Y-%m-%d"));
            case 'T', 'X' -> out.append(format(time, "%H:%M:%S"));
            case 'R' -> out.append(format(time, "%H:%M"));
            case 'r' -> out.append(format(time, "%I:%M:%S %p"));
            case 'c' -> out.append(format(time, "%a %b %e %H:%M:%S %Y"));
            case 'n' -> out.append('\n');
            case 't' -> out.append('\t');
            case 'z', 'Z' -> { }
            case '%' -> out.append('%');
            default -> out.append('%').append(c);
        }
    }

    private static void number(int value, int width, char fill, StringBuilder out) {
        String digits = Integer.toString(value);
        out.repeat(fill, Math.max(0, width - digits.length())).append(digits);
    }
}
