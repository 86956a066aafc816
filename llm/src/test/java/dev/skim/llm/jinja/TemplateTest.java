package dev.skim.llm.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Small templates, with what Jinja2 3.1 makes of them as transformers sets it up, and what stops a template that never ends. */
class TemplateTest {
    private static final String[][] CASES = {
            {"a\n  {% if true %}\nb\n  {% endif %}\nc\n",
             "a\nb\nc"},
            {"a  {%- if true -%}  b  {%- endif -%}  c",
             "abc"},
            {"  {%+ if true %}b{% endif +%}\nc",
             "  b\nc"},
            {"x {# a\n comment #}\n  y {{- ' z ' -}}  w\n",
             "x   y z w"},
            {"{% raw %}{{ x }} {% if %}{% endraw %}!",
             "{{ x }} {% if %}!"},
            {"{{ 'a' }}\n{{ 'b' }}\n\n",
             "a\nb\n"},
            {"a\r\nb\rc",
             "a\nb\nc"},
            {"{{ 1 }} {{ 1.0 }} {{ 1e16 }} {{ 1e-5 }} {{ 0.1 + 0.2 }} {{ 1_000 }} {{ 0x1F }} {{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 2 ** 70 }}",
             "1 1.0 1e+16 1e-05 0.30000000000000004 1000 31 3 -4 2 3.5 1180591620717411303424"},
            {"{{ none }} {{ true }} {{ [1, 'a', none] }} {{ (1,) }} {{ {'a': 1.5, 2: [true]} }} {{ missing }}",
             "None True [1, 'a', None] (1,) {'a': 1.5, 2: [True]} "},
            {"{{ 'it\\'s' }} {{ ['it\\'s', \"q\\\"\", 'n\\n', '\\u00e9'] }}",
             "it's [\"it's\", 'q\"', 'n\\n', 'é']"},
            {"{{ 1 == 1.0 }} {{ 'a' < 'b' }} {{ [1, 2] < [1, 3] }} {{ 1 in [1.0] }} {{ 'bc' in 'abcd' }} {{ 'k' not in {'k': 1} }} {{ 1 < 2 < 3 }} {{ (1, 2) == [1, 2] }}",
             "True True True True True False True False"},
            {"{{ 'abc'[1] }} {{ 'abc'[-1] }} {{ 'abcdef'[1:5:2] }} {{ [1, 2, 3][::-1] }} {{ {'a': {'b': 7}}.a['b'] }} {{ 'abc'[9] }}",
             "b c bd [3, 2, 1] 7 "},
            {"{{ 'a' ~ 1 ~ none }} {{ 'ab' * 2 }} {{ [1] + [2] }} {{ '%s is %05.1f%%' % ('x', 2.25) }} {{ '{:>4}|{:<4}|{:^4}'.format(1, 2, 'c') }}",
             "a1None abab [1, 2] x is 002.2%    1|2   | c  "},
            {"{{ 1 if false else 2 }}{{ 1 if false }} {{ '' or 'x' }} {{ 0 and 1 }} {{ not [] }} {{ x is defined }} {{ 3 is odd }} {{ 'a' is string }} {{ none is none }} {{ {} is mapping }} {{ 4 is divisibleby 2 }}",
             "2 x 0 True False True True True True True"},
            {"{{ ' a b '|trim }}|{{ 'aBc'|upper }}|{{ 'aBc dEf'|title }}|{{ 'abc'|capitalize }}|{{ 'a-b-c'|replace('-', '+', 1) }}|{{ [3, 1, 2]|sort|join(',') }}|{{ [3, 1]|max }}",
             "a b|ABC|Abc Def|Abc|a+b-c|1,2,3|3"},
            {"{{ [1, 2, 3]|length }} {{ 'abc'|first }} {{ [1, 2]|last }} {{ [1, 2, 3]|sum }} {{ missing|default('d') }} {{ ''|default('d', true) }} {{ '3.7'|float|int }} {{ 2.5|round }} {{ 3.14159|round(2) }} {{ 'x'|int(5) }}",
             "3 a 2 6 d d 3 2.0 3.14 5"},
            {"{{ {'b': 1, 'a': [1, none, true, 'é<']}|tojson }} {{ {'a': 1}|tojson(indent=2) }}",
             "{\"b\": 1, \"a\": [1, null, true, \"é<\"]} {\n  \"a\": 1\n}"},
            {"{{ [{'r': 'u', 'n': 1}, {'r': 'a', 'n': 2}]|selectattr('r', 'equalto', 'a')|map(attribute='n')|list }} {{ [1, 2, 3, 4]|select('even')|list }} {{ [1, 2]|reject('odd')|list }} {{ ['b', 'A', 'a']|unique|join }} {{ ['b', 'A']|sort }}",
             "[2] [2, 4] [2] bA ['A', 'b']"},
            {"{{ '{:.2}|{:.2f}|{:e}|{:06}'.format(1e400, -1e400, 1e400, 1e400) }} {{ '%.2f' % 1e400 }} {{ '{:%}'.format(1e308) }}",
             "inf|-inf|inf|000inf inf inf%"},
            {"[{{ ''|attr(name='foo') }}][{{ namespace(a=1)|attr(name='a') }}]",
             "[][1]"},
            {"{{ {'b': 2, 'a': 1}|dictsort }} {{ {'a': 1}|items|list }} {{ [1, 2, 3]|batch(2)|list }} {{ 'a\\nb'|indent(2) }} {{ '<a>'|e }} {{ [1, 2]|reverse|list }}",
             "[('a', 1), ('b', 2)] [('a', 1)] [[1, 2], [3]] a\n  b &lt;a&gt; [2, 1]"},
            {"{{ 'a,b,,c'.split(',') }} {{ ' a  b '.split() }} {{ 'abc'.startswith('ab') }} {{ 'xxabxx'.strip('x') }} {{ 'a.b.c'.rsplit('.', 1) }} {{ 'AbC'.lower() }} {{ 'abcabc'.count('bc') }} {{ 'abc'.find('z') }} {{ 'ß'.upper() }}",
             "['a', 'b', '', 'c'] ['a', 'b'] True ab ['a.b', 'c'] abc 2 -1 SS"},
            {"{{ {'a': 1}.get('b', 2) }} {{ {'a': 1}.items()|list }} {{ {'a': 1, 'b': 2}.keys()|list }} {{ dict(a=1).a }} {{ range(2, 8, 3)|list }}",
             "2 [('a', 1)] ['a', 'b'] 1 [2, 5]"},
            {"{% for x in [1, 2, 3] %}{{ loop.index }}{{ loop.first }}{{ loop.last }}{{ loop.revindex0 }} {% else %}none{% endfor %}{% for x in [] %}{% else %}empty{% endfor %}",
             "1TrueFalse2 2FalseFalse1 3FalseTrue0 empty"},
            {"{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}={{ v }}{{ ', ' if not loop.last }}{% endfor %}",
             "a=1, b=2"},
            {"{% for x in range(9) if x is odd %}{% if x == 5 %}{% continue %}{% endif %}{% if x > 7 %}{% break %}{% endif %}{{ x }}{{ loop.previtem }}{{ loop.nextitem }};{% endfor %}",
             "13;315;75;"},
            {"{% for x in [[1, [2]], 3] recursive %}{{ loop(x) if x is iterable else x }}{{ loop.depth }}{% endfor %}",
             "12232131"},
            {"{% for x in 'aab' %}{{ loop.changed(x) }}{{ loop.cycle('-', '+') }}{% endfor %}",
             "True-False+True-"},
            {"{% set a = 1 %}{% for x in [1] %}{% set a = 2 %}{{ a }}{% endfor %}{{ a }}{% set ns = namespace(n=0) %}{% for x in [1, 2] %}{% set ns.n = ns.n + x %}{% endfor %}{{ ns.n }}",
             "213"},
            {"{% macro m(a, b='B') %}{{ a }}{{ b }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1) }} {{ m(1, 2, 3, c=4) }} {{ m('x', b='y') }}",
             "1B(){} 12(3,){'c': 4} xy(){}"},
            {"{% macro w() %}<{{ caller('c') }}>{% endmacro %}{% call(x) w() %}{{ x }}{{ x }}{% endcall %}{% set t %}a{{ 1 }}b{% endset %}{{ t|upper }}{% filter upper %}low{% endfilter %}",
             "<cc>A1BLOW"},
            {"{% set a, b = (1, 2) %}{{ a }}{{ b }}{% if a == 2 %}x{% elif b == 2 %}y{% else %}z{% endif %}{% with c = 3 %}{{ c }}{% endwith %}{{ c }}",
             "12y3"}
    };

    @TestFactory
    Stream<DynamicTest> whatJinja2Gives() {
        return Stream.of(CASES).map(one ->
                DynamicTest.dynamicTest(one[0], () -> assertEquals(one[1], Template.parse(one[0]).render(Map.of(), null))));
    }

    private static TemplateException failure(String template) {
        return assertThrows(TemplateException.class, () -> Template.parse(template).render(Map.of(), null, 10_000_000));
    }

    @Test
    void failuresNameTheirLine() {
        String[][] failures = {
            {"a\n{% if %}", "2"},
            {"a\n\n{{ 'x }}", "3"},
            {"{# a\n", "1"},
            {"{% for x in [1] %}\n\n{{ x.a.b }}\n{% endfor %}", "3"},
            {"\n{{ 1 + 'a' }}", "2"},
            {"\n\n{{ raise_exception('no') }}", "3"},
            {"{{ 1 }\n}", "1"},
            {"\n{{ 'a'|nothing }}", "2"},
        };
        for (String[] one : failures) {
            assertEquals(Integer.parseInt(one[1]), failure(one[0]).line(), one[0] + ": " + failure(one[0]).getMessage());
        }
        assertTrue(failure("{{ raise_exception('no') }}").raised());
    }

    private static final String DOUBLED = "{% set ns = namespace(a=[], b=[], t=(), u=()) %}{% for i in range(40) %}"
            + "{% set ns.a = [ns.a, ns.a] %}{% set ns.b = [ns.b, ns.b] %}"
            + "{% set ns.t = (ns.t, ns.t) %}{% set ns.u = (ns.u, ns.u) %}{% endfor %}";
    private static final String LONG = "{% set s = 'a' * 1000000 + 'b' %}{% set t = 'a' * 1000000 + 'b' %}"
            + "{% set part = 'a' * 500000 + 'b' %}";

    /** Each would take minutes or for ever, by one way or another around what is paid for. */
    @ParameterizedTest
    @ValueSource(strings = {
        DOUBLED + "{{ ns.a == ns.b }}",
        DOUBLED + "{{ ns.a < ns.b }}",
        DOUBLED + "{{ ns.a in [ns.b] }}",
        DOUBLED + "{{ {ns.t: 1} }}",
        DOUBLED + "{{ {}.get(ns.t) }}",
        DOUBLED + "{{ {}[ns.t] }}",
        DOUBLED + "{{ [ns.t, ns.u]|unique|list }}",
        DOUBLED + "{{ [ns.a, ns.b]|sort }}",
        DOUBLED + "{{ ns.a }}",
        DOUBLED + "{% for i in range(1000000) %}{% set x = ns.a|upper %}{% endfor %}",
        "{% for i in range(10000000) %}{% set x = [[i]].index([i]) %}{% endfor %}",
        "{% for i in range(1000000) %}{{ {}.get(range(2000000000)) }}{% endfor %}",
        LONG + "{% for i in range(1000000) %}{% if s != t %}{% endif %}{% endfor %}",
        LONG + "{% for i in range(1000000) %}{% if s < t %}{% endif %}{% endfor %}",
        LONG + "{{ part in s }}{{ s.find(part) }}{{ s|replace(part, '') }}{{ s.split(part) }}",
        LONG + "{% for i in range(1000000) %}{% set x = s[i] %}{% endfor %}",
        LONG + "{% set m = s|safe %}{% for i in range(1000000) %}{% set x = m[i] %}{% set x = m * 0 %}{% endfor %}",
        LONG + "{% for i in range(10000000) %}{% for c in s %}{% break %}{% endfor %}{% endfor %}",
        LONG + "{% for i in range(10000000) %}{% set x = s is iterable %}{% endfor %}",
        LONG + "{% for i in range(1000000) %}{% set x = s is lower %}{% endfor %}",
        LONG + "{% for i in range(1000000) %}{% set x = s % () %}{% endfor %}",
        LONG + "{% for i in range(1000000) %}{% set x = '%c' % s %}{% endfor %}",
        LONG + "{% for i in range(1000000) %}{% set x = strftime_now(s) %}{% endfor %}",
        LONG + "{% set d = {s: 1} %}{% for i in range(1000000) %}{% set x = d[t] %}{% endfor %}",
        LONG + "{% for i in range(1000) %}{% set x = ([s] * 1000)|sort %}{% endfor %}",
        "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
        "{% set ns = namespace(s='a') %}{% for i in range(100) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    })
    void whatNeverEndsIsStopped(String template) {
        assertTimeoutPreemptively(Duration.ofSeconds(60), () -> failure(template));
    }

    /** A line of many tags is read in one go: looking back to its start from each took a minute. */
    @Test
    void aLineOfManyTagsIsReadOnce() {
        String template = "{% if true %}x{% endif %}".repeat(100_000);
        assertTimeoutPreemptively(
                Duration.ofSeconds(30),
                () -> assertEquals("x".repeat(100_000), Template.parse(template).render(Map.of(), null)));
    }
}
