package dev.skim.llm.jinja;

/** A value with attributes of its own, as {@code loop} is. */
interface Attributes {
    /** The attribute, or an {@link Undefined}. */
    Object attribute(String name);
}
