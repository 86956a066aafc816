package dev.skim.llm.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.skim.llm.SkimException;
import dev.skim.skip.Importance;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.jfree.data.xy.XYSeriesCollection;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.NodeList;

class ChartTest {
    @TempDir
    Path folder;

    @BeforeAll
    static void needNoDisplay() {
        System.setProperty("java.awt.headless", "true");
    }

    private static Document parse(Path svg) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setFeature("http://apache.org/xml/features/nonvalidating/load-external-dtd", false);
        return factory.newDocumentBuilder().parse(svg.toFile());
    }

    private static List<String> texts(Document svg) {
        NodeList nodes = svg.getElementsByTagName("text");
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < nodes.getLength(); i++) {
            texts.add(nodes.item(i).getTextContent());
        }
        return texts;
    }

    @Test
    void tradeOffIsAnSvgThatNamesEveryMethodOnce() throws Exception {
        Path file = folder.resolve("a.svg");
        TradeOffChart.check(file);
        TradeOffChart.write("Tiny", Samples.results(), file);
        Document svg = parse(file);
        assertEquals("960", svg.getDocumentElement().getAttribute("width"));
        for (String name : List.of("adaskip", "shortgpt", "balanced:decode", "earlyexit")) {
            assertEquals(1, texts(svg).stream().filter(name::equals).count(), texts(svg)::toString);
        }
        assertTrue(texts(svg).containsAll(List.of("32", "512", "1.0", "perplexity (cut at 40 times the whole model's)")), texts(svg)::toString);
    }

    @Test
    void everyLineOfTheTradeOffBeginsAtTheWholeModel() {
        XYSeriesCollection lines = TradeOffChart.lines(Samples.results(), Result::prompt);
        assertEquals(4, lines.getSeriesCount());
        assertEquals(3, lines.getItemCount(0));
        for (int i = 0; i < lines.getSeriesCount(); i++) {
            assertEquals(1, lines.getXValue(i, 0));
            assertEquals(21.3449, Math.pow(2, lines.getYValue(i, 0)), 1e-9);
        }
        assertEquals(1 / (1 - 0.125), lines.getXValue(0, 2), 1e-12);
        assertEquals(78.7, Math.pow(2, lines.getYValue(0, 2)), 1e-9);
    }

    @Test
    void pngIsAnImageWithEveryMethodsColour() throws Exception {
        Path file = folder.resolve("a.PNG");
        TradeOffChart.check(file);
        TradeOffChart.write("Tiny", Samples.results(), file);
        BufferedImage image = ImageIO.read(file.toFile());
        assertEquals(1920, image.getWidth());
        for (int colour : new int[] {0x0072b2, 0xd55e00, 0x009e73, 0xcc79a7}) {
            assertTrue(count(image, colour) > 200, Integer.toHexString(colour));
        }
    }

    private static long count(BufferedImage image, int colour) {
        int[] pixels = image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
        long count = 0;
        for (int pixel : pixels) {
            count += (pixel & 0xffffff) == colour ? 1 : 0;
        }
        return count;
    }

    @Test
    void heatMapHasABlockForEachSublayer() throws Exception {
        Path file = folder.resolve("h.svg");
        HeatMapChart.write("Tiny", Samples.importance(30), file);
        Document svg = parse(file);
        assertTrue(texts(svg).containsAll(List.of("attention", "feed-forward", "layer", "25", "0.10")), texts(svg)::toString);
        int blocks = svg.getElementsByTagName("rect").getLength();
        assertTrue(blocks >= 60, blocks + " rectangles");
        Path png = folder.resolve("h.png");
        HeatMapChart.write("Tiny", Samples.importance(30), png);
        BufferedImage image = ImageIO.read(png.toFile());
        assertTrue(count(image, 0x7f0000) > 100 && count(image, 0xfff7ec) > 100, "the ends of the scale");
    }

    @Test
    void heatMapOfEqualSublayersCanBeDrawn() throws Exception {
        double[] same = {0.5, 0.5};
        double[][] runs = {{0.5}};
        Importance importance = new Importance(1, same, same, runs, runs);
        Path file = folder.resolve("h.png");
        HeatMapChart.write("Tiny", importance, file);
        assertTrue(ImageIO.read(file.toFile()).getWidth() > 0);
        assertTrue(HeatMap.text(importance).contains("██"), HeatMap.text(importance));
    }

    @Test
    void textHeatMapIsDarkerForMoreImportant() {
        List<String> lines = HeatMap.text(Samples.importance(10)).lines().toList();
        assertEquals("layer         0         5", lines.get(0));
        assertEquals(14 + 20, lines.get(1).length());
        String shades = " ░▒▓█";
        int[] levels = lines.get(1).substring(14).chars().map(shades::indexOf).toArray();
        for (int i = 1; i < levels.length; i++) {
            assertTrue(levels[i] >= levels[i - 1], lines.get(1));
        }
        assertEquals(0, levels[0]);
        assertTrue(lines.get(2).endsWith("██"), lines.get(2));
        assertTrue(lines.get(3).contains("' ' 0.0010 to '█' 0.5000"), lines.get(3));
        assertEquals(14 + 80, HeatMap.text(Samples.importance(80)).lines().toList().get(1).length());
    }

    @Test
    void namesWithAnotherEndAndMissingFoldersAreRefused() {
        String end = assertThrows(SkimException.class, () -> ChartFile.check(folder.resolve("a.pdf"))).getMessage();
        assertTrue(end.contains(".png or .svg"), end);
        String none = assertThrows(SkimException.class, () -> ChartFile.check(folder.resolve("b/a.svg"))).getMessage();
        assertTrue(none.contains("no folder"), none);
        assertTrue(Files.notExists(folder.resolve("b")));
    }
}
