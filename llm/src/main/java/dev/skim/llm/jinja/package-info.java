/**
 * An interpreter for the part of Jinja that chat templates use, with Python's rules for values, as Jinja2 has them with
 * {@code trim_blocks}, {@code lstrip_blocks}, loop controls and no autoescape.
 *
 * <p>Text to {@link dev.skim.llm.jinja.Lexer tokens} to {@link dev.skim.llm.jinja.Parser nodes}, and the nodes run
 * themselves. The values are plain Java ones: {@code null} is None, {@code Boolean}, {@code Long} or {@code BigInteger} is
 * int, {@code Double} is float, {@code String} is str, {@code ArrayList} is list, {@code LinkedHashMap} is dict; the rest
 * has small types of its own. A template sees copies of what it is given and nothing else of Java: every name that it can
 * reach is in a {@code switch} here.
 *
 * <p>A template comes with a downloaded file, so it is not trusted: work, output and depth are bounded by
 * {@link dev.skim.llm.jinja.Run}. No regular expressions and no lambdas on the common path: a template is parsed once, by a
 * JVM that has just started.
 */
package dev.skim.llm.jinja;
