package dev.skim.llm.jinja;

/** A value that can be called: a function, a method with its object, a macro. */
interface Callable {
    Object call(Run run, Arguments arguments);
}
