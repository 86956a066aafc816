package dev.skim.llm.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.skim.llm.eval.Result.Scores;
import dev.skim.llm.eval.Result.Speed;
import dev.skim.skip.ModelShape;
import dev.skim.skip.Phase;
import dev.skim.skip.Share;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class ReportTest {
    /** Reads CSV by RFC 4180, character by character. */
    private static List<List<String>> parse(String csv) {
        List<List<String>> rows = new ArrayList<>();
        List<String> row = new ArrayList<>();
        StringBuilder cell = new StringBuilder();
        boolean quoted = false;
        for (int i = 0; i < csv.length(); i++) {
            char c = csv.charAt(i);
            if (quoted) {
                if (c == '"' && i + 1 < csv.length() && csv.charAt(i + 1) == '"') {
                    cell.append('"');
                    i++;
                } else if (c == '"') {
                    quoted = false;
                } else {
                    cell.append(c);
                }
            } else if (c == '"') {
                quoted = true;
            } else if (c == ',' || c == '\n') {
                row.add(cell.toString());
                cell.setLength(0);
                if (c == '\n') {
                    rows.add(row);
                    row = new ArrayList<>();
                }
            } else if (c != '\r') {
                cell.append(c);
            }
        }
        return rows;
    }

    @Test
    void csvHoldsEveryFigure() {
        List<List<String>> rows = parse(Report.csv(Samples.results()));
        assertEquals(8, rows.size());
        rows.forEach(row -> assertEquals(rows.getFirst().size(), row.size()));
        List<String> names = rows.getFirst();
        List<String> row = rows.get(6);
        assertEquals("balanced:1.2:decode", row.get(names.indexOf("policy")));
        assertEquals("balanced:decode", row.get(names.indexOf("method")));
        assertEquals("decode", row.get(names.indexOf("scored_as")));
        assertEquals("196", row.get(names.indexOf("perplexity")));
        assertEquals(0.133, Double.parseDouble(row.get(names.indexOf("prompt_time_saved"))), 1e-6);
        assertEquals(0.0665, Double.parseDouble(row.get(names.indexOf("generation_time_due"))), 1e-6);
        assertEquals("26214400", row.get(names.indexOf("kv_bytes")));
    }

    @Test
    void whatWasNotMeasuredIsEmptyInCsvAndADashInTheTable() {
        Result bare = new Result(Contender.DENSE, Speed.NONE, Speed.NONE, Double.NaN, Scores.NONE, Double.NaN);
        List<String> row = parse(Report.csv(List.of(bare))).get(1);
        assertEquals("none", row.getFirst());
        assertTrue(row.stream().skip(2).allMatch(String::isEmpty), row::toString);
        String table = Report.table(List.of(bare), new EvalSettings(1, 1, 0, 4, 0, 0, 1), 0);
        assertTrue(table.lines().toList().get(2).matches("none( +- / -| +-)+"), table);
        assertFalse(table.contains("NaN"), table);
    }

    @Property
    void anySpecComesBackFromCsv(@ForAll String spec) {
        String clean = spec.replace("\r", "");
        Result result = Samples.result("x" + clean, 0.1, 30, Phase.PREFILL);
        assertEquals("x" + clean, parse(Report.csv(List.of(result)).replace("\r\n", "\n")).get(1).getFirst());
    }

    @Test
    void tableSaysInWhichPhaseWasScored() {
        String table = Report.table(Samples.results(), Samples.SETTINGS, 8);
        List<String> lines = table.lines().toList();
        assertTrue(lines.get(7).contains("196.00*"), table);
        assertTrue(lines.get(8).contains("21978 "), table);
        assertFalse(lines.get(3).contains("*"), table);
        assertTrue(table.contains("* The policy leaves nothing out of prompts"), table);
        assertTrue(lines.subList(0, 9).stream().allMatch(line -> line.length() <= 120), table);
    }

    @Test
    void sweepGivesEachMethodTheShareInItsOwnUnit() {
        ModelShape shape = new ModelShape(30, 576, 900, 2700);
        List<Share> shares = Sweep.shares("13.3%, 25%");
        assertEquals(
                List.of("adaskip:n=8", "adaskip:n=15", "shortgpt:4:decode", "shortgpt:8:decode", "balanced:30/26:both",
                        "balanced:30/22:both", "cost:13.3%", "cost:25%", "earlyexit:9", "none"),
                Sweep.expand(List.of("adaskip", "shortgpt::decode", "balanced::both", "cost", "earlyexit:9", "none"),
                        shares, shape, null));
        assertEquals(
                List.of("skipdecode:1"),
                Sweep.expand(List.of("skipdecode"), Sweep.shares("0.1%,2%"), shape, null),
                "at least one layer, and no policy twice");
    }
}
