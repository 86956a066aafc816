package dev.skim.llm.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class SlowPathTest {
    private static final String VM = "OpenJDK 64-Bit Server VM";
    private static final String MIXED = "mixed mode, sharing";

    private static String said(String vmName, String vmInfo, boolean x86, int bits, boolean avx2, int used) {
        return new SlowPath(vmName, vmInfo, x86, bits, avx2, used, "").sentence().orElse("");
    }

    @Test
    void nothingIsSaidOfAFastOne() {
        for (int bits : new int[] {256, 512}) {
            assertEquals(Optional.empty(), new SlowPath(VM, MIXED, true, bits, true, bits, "-Xmx1g").sentence());
        }
        assertEquals(Optional.empty(), new SlowPath(VM, MIXED, false, 128, false, 128, "").sentence(), "NEON has 128 bits");
        assertEquals(Optional.empty(), new SlowPath(VM, MIXED, true, 512, true, 128, "").sentence(), "it was asked for");
    }

    @Test
    void eachSlowPathSaysWhatMendsIt() {
        assertTrue(said(VM, "interpreted mode, sharing", true, 512, true, 512).contains("-Xint"));
        assertTrue(said("OpenJDK 64-Bit Zero VM", "interpreted mode", true, 64, true, 64).contains("compilers"));
        assertTrue(said(VM, "mixed mode, emulated-client, sharing", true, 512, true, 512).contains("TieredStopAtLevel"));
        assertTrue(said("Eclipse OpenJ9 VM", "JRE 25", true, 128, true, 128).contains("server VM"));
        assertTrue(said(VM, MIXED, true, 64, true, 64).contains("EnableVectorSupport"));
        assertTrue(said(VM, MIXED, true, 128, true, 128).contains("UseAVX"));
        assertTrue(said(VM, MIXED, true, 128, false, 128).contains("no AVX2"));
        assertTrue(said(VM, MIXED, true, 256, true, 512).contains("skim.width"));
        assertTrue(new SlowPath(VM, MIXED, true, 512, true, 512, "-Xmx1g -XX:TieredStopAtLevel=2 ")
                .sentence().orElse("").contains("C2"));
        assertTrue(new SlowPath(VM, MIXED, true, 512, true, 512, "-XX:-EnableVectorSupport ")
                .sentence().orElse("").contains("EnableVectorSupport"));
    }
}
