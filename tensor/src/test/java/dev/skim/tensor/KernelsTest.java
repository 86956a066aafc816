package dev.skim.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KernelsTest {
    /** Whatever Java prefers, there is a width. */
    @ParameterizedTest
    @CsvSource({"64, 128", "128, 128", "256, 256", "384, 256", "512, 512", "2048, 512"})
    void theWidestThatThereIs(int preferred, int bits) {
        assertEquals(bits, Kernels.vectorBits(preferred, "widest"));
        assertEquals(256, Kernels.vectorBits(preferred, "256"));
    }

    @Test
    void anotherWidthIsRefused() {
        String sentence = assertThrows(IllegalArgumentException.class, () -> Kernels.vectorBits(512, "384")).getMessage();
        assertTrue(sentence.contains("skim.width") && sentence.contains("384"), sentence);
    }
}
