package dev.skim.llm.eval;

import dev.skim.skip.Importance;
import java.awt.Color;
import java.awt.Paint;
import java.nio.file.Path;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.axis.NumberTickUnit;
import org.jfree.chart.axis.SymbolAxis;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.PaintScale;
import org.jfree.chart.renderer.xy.XYBlockRenderer;
import org.jfree.chart.title.PaintScaleLegend;
import org.jfree.chart.ui.RectangleEdge;
import org.jfree.chart.ui.RectangleInsets;
import org.jfree.data.xy.DefaultXYZDataset;

/** The heat map of {@link HeatMap} as a picture. */
public final class HeatMapChart {
    private static final int HEIGHT = 230;
    private static final int COLUMN = 26;

    private HeatMapChart() {}

    /**
     * Checks that the chart can be written.
     *
     * @throws dev.skim.llm.SkimException when it cannot
     */
    public static void check(Path file) {
        ChartFile.check(file);
    }

    /** Draws the importance of a model's sublayers. */
    public static void write(String model, Importance importance, Path file) {
        ChartFile.write(chart(model, importance), file, 180 + COLUMN * Math.max(12, importance.layers()), HEIGHT);
    }

    static JFreeChart chart(String model, Importance importance) {
        int layers = importance.layers();
        double[][] cells = new double[3][2 * layers];
        for (int sublayer = 0; sublayer < 2 * layers; sublayer++) {
            cells[0][sublayer] = sublayer % layers;
            cells[1][sublayer] = sublayer < layers ? 1 : 0;
            cells[2][sublayer] = Math.log10(HeatMap.importance(importance, sublayer));
        }
        DefaultXYZDataset data = new DefaultXYZDataset();
        data.addSeries("importance", cells);
        double[] bounds = HeatMap.bounds(importance);
        // One colour would make a scale of no height.
        double low = Math.log10(bounds[0]);
        double high = Math.max(low + 1e-3, Math.log10(bounds[1]));
        PaintScale scale = new Ramp(low, high);
        XYBlockRenderer renderer = new XYBlockRenderer();
        renderer.setPaintScale(scale);
        NumberAxis layer = new NumberAxis("layer");
        layer.setRange(-0.5, layers - 0.5);
        layer.setTickUnit(new NumberTickUnit(layers > 16 ? 5 : 1));
        ChartStyle.apply(layer);
        SymbolAxis kind = new SymbolAxis(null, new String[] {"feed-forward", "attention"});
        kind.setGridBandsVisible(false);
        ChartStyle.apply(kind);
        kind.setTickLabelFont(ChartStyle.NORMAL);
        XYPlot plot = new XYPlot(data, layer, kind, renderer);
        ChartStyle.apply(plot);
        plot.setDomainGridlinesVisible(false);
        plot.setRangeGridlinesVisible(false);
        JFreeChart chart = new JFreeChart(
                "How much each sublayer turns the residual stream, " + model, ChartStyle.TITLE, plot, false);
        ChartStyle.apply(chart);
        NumberAxis values = new NumberAxis("1 - similarity");
        values.setRange(low, high);
        values.setTickUnit(new NumberTickUnit(high - low > 1 ? 0.5 : (high - low) / 4, new PowerFormat(10, "%.2g")));
        ChartStyle.apply(values);
        PaintScaleLegend legend = new PaintScaleLegend(scale, values);
        legend.setPosition(RectangleEdge.RIGHT);
        legend.setSubdivisionCount(64);
        legend.setMargin(new RectangleInsets(4, 12, 30, 4));
        chart.addSubtitle(legend);
        return chart;
    }

    /** From pale to dark red by way of orange: lighter is always less, in grey print too. */
    private record Ramp(double getLowerBound, double getUpperBound) implements PaintScale {
        private static final int[] COLOURS = {0xfff7ec, 0xfdd49e, 0xfc8d59, 0xd7301f, 0x7f0000};

        @Override
        public Paint getPaint(double value) {
            double at = Math.clamp((value - getLowerBound) / (getUpperBound - getLowerBound), 0, 1) * (COLOURS.length - 1);
            int from = (int) Math.min(at, COLOURS.length - 2);
            return new Color(mix(from, 16, at - from), mix(from, 8, at - from), mix(from, 0, at - from));
        }

        private static int mix(int from, int shift, double part) {
            int a = COLOURS[from] >> shift & 0xff;
            int b = COLOURS[from + 1] >> shift & 0xff;
            return (int) Math.round(a + part * (b - a));
        }
    }
}
