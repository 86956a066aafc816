package dev.skim.llm.profile;

import dev.skim.llm.Model;
import dev.skim.llm.SkimException;
import dev.skim.llm.storage.FileFailure;
import dev.skim.llm.storage.Folders;
import dev.skim.skip.Profile;
import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/**
 * Profiles on disk: JSON files that are bound to a model by hash and tensor types. {@code skim calibrate} writes them;
 * without another place being named, into the user's cache, where {@link #find} finds them.
 */
public final class Profiles {
    private Profiles() {}

    /**
     * The profile of a model in the user's cache.
     *
     * @throws SkimException when the file there is damaged
     */
    public static Optional<Profile> find(Model model) {
        Path file = cached(model);
        return Files.exists(file) ? Optional.of(read(file, model)) : Optional.empty();
    }

    /** Where {@link #find} looks: {@code profiles/HASH.json} in the user's cache. */
    public static Path cached(Model model) {
        return Folders.cache(System.getenv()).resolve("profiles").resolve(hash(model) + ".json");
    }

    /**
     * Reads a profile.
     *
     * @throws SkimException when it cannot be read, is no profile, or is that of another model
     */
    public static Profile read(Path file, Model model) {
        try {
            return ProfileJson.read(Files.readAllBytes(file), "The profile " + file, Identity.of(model));
        } catch (IOException e) {
            throw FileFailure.unreadable("The profile " + file, e);
        }
    }

    /**
     * Refuses a file that {@link #read} cannot read whatever the model: before one is loaded.
     *
     * @throws SkimException when it cannot be read
     */
    public static void check(Path file) {
        FileFailure.tryOpening("The profile " + file, file);
    }

    /**
     * Writes a profile; a file that was there is replaced only when all is written.
     *
     * @throws SkimException when it cannot be written
     */
    public static void write(Path file, Profile profile, Model model) {
        Path whole = file.toAbsolutePath();
        try {
            Files.createDirectories(whole.getParent());
            Path part = Files.createTempFile(whole.getParent(), ".profile", ".part");
            try {
                Files.write(part, ProfileJson.write(profile, model.name()));
                try {
                    Files.move(part, whole, StandardCopyOption.ATOMIC_MOVE);
                } catch (AtomicMoveNotSupportedException e) {
                    Files.move(part, whole, StandardCopyOption.REPLACE_EXISTING);
                }
            } finally {
                Files.deleteIfExists(part);
            }
        } catch (IOException e) {
            throw new SkimException("The profile " + file + " cannot be written: " + FileFailure.reason(e) + ".", e);
        }
    }

    /**
     * The hash that binds profiles to a model: SHA-256 over the architecture's metadata, the tensors' names, types and
     * shapes, and 16 blocks of 4 KiB of each tensor's bytes. Name, chat template and vocabulary do not matter to it.
     */
    public static String hash(Model model) {
        return ModelHash.of(model.file());
    }

    /** How many tensors of a model are of which type, such as {@code F32 x 61, Q4_1 x 210}. */
    public static String tensorTypes(Model model) {
        return ModelHash.tensorTypes(model.file());
    }

    /** What a profile must match. */
    record Identity(String name, String hash, String tensorTypes, int layers, int width) {
        static Identity of(Model model) {
            return new Identity(
                    model.name(), Profiles.hash(model), Profiles.tensorTypes(model), model.shape().layers(), model.shape().width());
        }
    }
}
