package dev.skim.llm.eval;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Shape;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.nio.file.Path;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.LegendItemCollection;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.axis.NumberTickUnit;
import org.jfree.chart.plot.CombinedRangeXYPlot;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.XYLineAndShapeRenderer;
import org.jfree.data.xy.XYSeries;
import org.jfree.data.xy.XYSeriesCollection;

/**
 * Quality against speed: perplexity (logarithmic, lower is better) over how many times as fast as the whole model, for
 * the prompt and for generated tokens. One line a method, which begins at the whole model.
 */
public final class TradeOffChart {
    private static final int WIDTH = 960;
    private static final int HEIGHT = 460;

    /** What is worse than so many times the whole model leaves the chart, so that the others can be told apart. */
    private static final int HIGHEST = 40;

    /** Okabe and Ito's colours, which colour-blind eyes tell apart; the yellow is too light for lines. */
    private static final int[] COLOURS = {0x0072b2, 0xd55e00, 0x009e73, 0xcc79a7, 0xe69f00, 0x56b4e9, 0x000000};

    private TradeOffChart() {}

    /**
     * Checks that the chart can be written.
     *
     * @throws dev.skim.llm.SkimException when it cannot
     */
    public static void check(Path file) {
        ChartFile.check(file);
    }

    /** Draws results that have rates and perplexities, the whole model first. */
    public static void write(String model, List<Result> results, Path file) {
        ChartFile.write(chart(model, results), file, WIDTH, HEIGHT);
    }

    static JFreeChart chart(String model, List<Result> results) {
        double whole = results.getFirst().scores().perplexity();
        double least = results.stream().mapToDouble(r -> r.scores().perplexity()).min().orElseThrow();
        double worst = results.stream().mapToDouble(r -> r.scores().perplexity()).max().orElseThrow();
        double most = Math.min(worst, HIGHEST * whole);
        // JFreeChart's own logarithmic axis has its numbers drawn as outlines, not as text.
        NumberAxis perplexity = new NumberAxis(
                "perplexity" + (worst > most ? " (cut at " + HIGHEST + " times the whole model's)" : ""));
        perplexity.setTickUnit(new NumberTickUnit(1, new PowerFormat(2, "%.0f")));
        // A tenth of the height stays free at both ends.
        double margin = 0.1 * Math.max(log2(most / least), 0.5);
        perplexity.setRange(log2(least) - margin, log2(most) + margin);
        ChartStyle.apply(perplexity);
        CombinedRangeXYPlot combined = new CombinedRangeXYPlot(perplexity);
        combined.setGap(16);
        combined.add(plot("prompt, times as fast as the whole model", results, Result::prompt));
        combined.add(plot("generated tokens, times as fast", results, Result::generation));
        // Both plots have the same lines; one legend is enough.
        ((XYPlot) combined.getSubplots().get(1)).setFixedLegendItems(new LegendItemCollection());
        JFreeChart chart = new JFreeChart(
                "What skipping gains and costs, " + model, ChartStyle.TITLE, combined, true);
        ChartStyle.apply(chart);
        return chart;
    }

    private static double log2(double value) {
        // An infinite perplexity has to stand somewhere.
        return Math.log(Math.min(value, Double.MAX_VALUE)) / Math.log(2);
    }

    private static XYPlot plot(String label, List<Result> results, Function<Result, Result.Speed> phase) {
        XYSeriesCollection lines = lines(results, phase);
        NumberAxis speed = new NumberAxis(label);
        speed.setAutoRangeIncludesZero(false);
        speed.setNumberFormatOverride(new DecimalFormat("0.0#", DecimalFormatSymbols.getInstance(Locale.ROOT)));
        ChartStyle.apply(speed);
        XYLineAndShapeRenderer renderer = new XYLineAndShapeRenderer(true, true);
        for (int i = 0; i < lines.getSeriesCount(); i++) {
            renderer.setSeriesPaint(i, new Color(COLOURS[i % COLOURS.length]));
            renderer.setSeriesShape(i, shape(i));
            // Where colours come again, the line is broken.
            renderer.setSeriesStroke(i, i < COLOURS.length
                    ? new BasicStroke(1.8f)
                    : new BasicStroke(1.8f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, new float[] {5, 3}, 0));
        }
        XYPlot plot = new XYPlot(lines, speed, null, renderer);
        ChartStyle.apply(plot);
        return plot;
    }

    /** Speed and binary logarithm of perplexity: a line a method, each from the whole model on. */
    static XYSeriesCollection lines(List<Result> results, Function<Result, Result.Speed> phase) {
        Map<String, List<Result>> methods = new LinkedHashMap<>();
        List<Result> whole = results.stream().filter(result -> result.contender().dense()).toList();
        for (Result result : results) {
            if (!result.contender().dense()) {
                methods.computeIfAbsent(result.contender().method(), name -> new ArrayList<>(whole)).add(result);
            }
        }
        if (methods.isEmpty()) {
            methods.put("none", whole);
        }
        XYSeriesCollection lines = new XYSeriesCollection();
        methods.forEach((name, points) -> {
            // In the order of their amounts, even where the faster is not faster.
            XYSeries line = new XYSeries(name, false, true);
            points.forEach(point -> line.add(phase.apply(point).factor(), log2(point.scores().perplexity())));
            lines.addSeries(line);
        });
        return lines;
    }

    private static Shape shape(int series) {
        return switch (series % 4) {
            case 0 -> new Ellipse2D.Double(-3.5, -3.5, 7, 7);
            case 1 -> new Rectangle2D.Double(-3, -3, 6, 6);
            case 2 -> polygon(0, -4, 4, 3, -4, 3);
            default -> polygon(0, -4.5, 4.5, 0, 0, 4.5, -4.5, 0);
        };
    }

    private static Shape polygon(double... points) {
        Path2D path = new Path2D.Double();
        path.moveTo(points[0], points[1]);
        for (int i = 2; i < points.length; i += 2) {
            path.lineTo(points[i], points[i + 1]);
        }
        path.closePath();
        return path;
    }
}
