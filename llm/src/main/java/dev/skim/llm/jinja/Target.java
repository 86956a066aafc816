package dev.skim.llm.jinja;

import java.util.Iterator;
import java.util.List;

/** Where a value is stored. */
sealed interface Target {
    void assign(Scope scope, Object value);

    record Name(String name) implements Target {
        @Override
        public void assign(Scope scope, Object value) {
            scope.set(name, value);
        }
    }

    /** {@code namespace.attribute}. */
    record Member(String namespace, String attribute) implements Target {
        @Override
        public void assign(Scope scope, Object value) {
            if (!(scope.get(namespace) instanceof Namespace target)) {
                throw new TemplateException("cannot assign attribute on non-namespace object");
            }
            target.set(attribute, value);
        }
    }

    record Unpack(List<Target> targets) implements Target {
        @Override
        public void assign(Scope scope, Object value) {
            Iterator<?> items = Values.iteratorOrNone(value);
            if (items == null) {
                throw new TemplateException("cannot unpack non-iterable " + Values.typeName(value) + " object");
            }
            for (int i = 0; i < targets.size(); i++) {
                if (!items.hasNext()) {
                    throw new TemplateException("not enough values to unpack (expected " + targets.size() + ", got " + i + ")");
                }
                targets.get(i).assign(scope, items.next());
            }
            if (items.hasNext()) {
                throw new TemplateException("too many values to unpack (expected " + targets.size() + ")");
            }
        }
    }
}
