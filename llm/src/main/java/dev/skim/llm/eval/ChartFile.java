package dev.skim.llm.eval;

import dev.skim.llm.SkimException;
import java.awt.Dimension;
import java.awt.Font;
import java.awt.font.FontRenderContext;
import java.awt.geom.Rectangle2D;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.apache.batik.svggen.SVGGeneratorContext;
import org.apache.batik.svggen.SVGGraphics2D;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.text.TextUtils;
import org.w3c.dom.Document;

/** Writes charts as PNG or SVG, by the end of the file's name. Needs no display. */
final class ChartFile {
    private static final String SVG = "http://www.w3.org/2000/svg";

    private ChartFile() {}

    /**
     * Checks that a chart can be drawn and written, before anything is measured for it.
     *
     * @throws SkimException when the name ends otherwise, the folder is not there, or this Java has no fonts
     */
    static void check(Path file) {
        String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
        if (!name.endsWith(".png") && !name.endsWith(".svg")) {
            throw new SkimException("A chart is written as .png or .svg, and " + file + " ends in neither.");
        }
        Path folder = file.toAbsolutePath().getParent();
        if (!Files.isDirectory(folder)) {
            throw new SkimException("The chart " + file + " cannot be written: there is no folder " + folder + ".");
        }
        // No window is ever opened; without this a machine with a broken display would fail.
        System.setProperty("java.awt.headless", "true");
        try {
            new Font(Font.SANS_SERIF, Font.PLAIN, 12).getStringBounds("x", new FontRenderContext(null, true, true));
        } catch (RuntimeException | LinkageError | InternalError failure) {
            throw new SkimException("The chart " + file + " cannot be drawn, for this machine's Java finds no fonts: "
                    + "install fontconfig and a font (Debian: fontconfig, fonts-dejavu-core).", failure);
        }
    }

    /** Writes a chart; sizes are in pixels of an SVG, and a PNG has twice as many, for sharp print. */
    static void write(JFreeChart chart, Path file, int width, int height) {
        try {
            if (file.getFileName().toString().toLowerCase(Locale.ROOT).endsWith(".png")) {
                ImageIO.write(chart.createBufferedImage(2 * width, 2 * height, width, height, null), "png", file.toFile());
            } else {
                Files.writeString(file, svg(chart, width, height), StandardCharsets.UTF_8);
            }
        } catch (IOException e) {
            throw new SkimException("The chart " + file + " cannot be written: " + e.getMessage() + ".", e);
        }
    }

    private static String svg(JFreeChart chart, int width, int height) throws IOException {
        Document document;
        try {
            document = DocumentBuilderFactory.newInstance()
                    .newDocumentBuilder()
                    .getDOMImplementation()
                    .createDocument(SVG, "svg", null);
        } catch (ParserConfigurationException e) {
            throw new IllegalStateException("this Java has no XML documents", e);
        }
        SVGGeneratorContext context = SVGGeneratorContext.createDefault(document);
        context.setComment("Written by skim eval");
        // Text stays text, the turned one too: smaller, sharp, and found by a search.
        TextUtils.setUseDrawRotatedStringWorkaround(false);
        SVGGraphics2D graphics = new SVGGraphics2D(context, false);
        graphics.setSVGCanvasSize(new Dimension(width, height));
        chart.draw(graphics, new Rectangle2D.Double(0, 0, width, height));
        StringWriter text = new StringWriter();
        graphics.stream(text, true);
        return text.toString();
    }
}
