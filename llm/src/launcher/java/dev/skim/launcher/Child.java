package dev.skim.launcher;

import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.concurrent.TimeUnit;

/** Runs another process in this one's place: its exit code is ours, Ctrl-C is its alone, and it does not outlive us. */
final class Child {
    private Child() {}

    static int run(ProcessBuilder builder) throws IOException {
        leaveInterruptsToChild();
        Process child = builder.start();
        Thread end = new Thread(() -> stop(child));
        Runtime.getRuntime().addShutdownHook(end);
        while (true) {
            try {
                return child.waitFor();
            } catch (InterruptedException e) {
                // Nobody interrupts this thread; the exit code is still wanted.
            }
        }
    }

    private static void stop(Process child) {
        child.destroy();
        try {
            if (!child.waitFor(3, TimeUnit.SECONDS)) {
                child.destroyForcibly();
            }
        } catch (InterruptedException e) {
            child.destroyForcibly();
        }
    }

    /**
     * The terminal sends SIGINT to both processes. A handler that does nothing, and not the system's "ignore", for that
     * one the child would inherit. By reflection, as the class is outside the Java 8 platform that this is compiled for.
     */
    private static void leaveInterruptsToChild() {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            InvocationHandler nothing = (proxy, method, arguments) -> null;
            Object proxy = Proxy.newProxyInstance(Launcher.class.getClassLoader(), new Class<?>[] {handler}, nothing);
            signal.getMethod("handle", signal, handler)
                    .invoke(null, signal.getConstructor(String.class).newInstance("INT"), proxy);
        } catch (ReflectiveOperationException | RuntimeException e) {
            // Without it Ctrl-C ends both, which is what it does to every other program.
        }
    }
}
