package dev.skim.llm.jinja;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Python's stable sort by {@code <}. */
final class Sorting {
    private Sorting() {}

    /** The items in the order of their keys, {@code keys.get(i)} being that of {@code items.get(i)}. */
    static List<Object> byKeys(Run run, List<Object> items, List<Object> keys, boolean reverse) {
        List<Object> pairs = new ArrayList<>(items.size());
        for (int i = 0; i < items.size(); i++) {
            pairs.add(new Object[] {keys.get(i), items.get(i)});
        }
        Comparator<Object> byKey = new Comparator<>() {
            @Override
            public int compare(Object a, Object b) {
                Object x = ((Object[]) a)[0];
                Object y = ((Object[]) b)[0];
                int order = Values.less(run, x, y, false, "<") ? -1 : Values.less(run, y, x, false, "<") ? 1 : 0;
                // Equal keys keep their order even in reverse.
                return reverse ? -order : order;
            }
        };
        try {
            pairs.sort(byKey);
        } catch (IllegalArgumentException e) {
            throw new TemplateException("the items to sort have no order");
        }
        List<Object> sorted = new ArrayList<>(items.size());
        for (Object pair : pairs) {
            sorted.add(((Object[]) pair)[1]);
        }
        return sorted;
    }
}
