package dev.skim.llm.cli;

import dev.skim.gguf.GgufFile;
import dev.skim.llm.Tokenizer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code skim tokenize}: shows how a model cuts a text. */
@Command(
        name = "tokenize",
        mixinStandardHelpOptions = true,
        description = "Prints the tokens of a text: from -p, from -f, or from standard input.")
final class TokenizeCommand implements Callable<Integer> {
    @Mixin
    private ModelOptions model;

    @Mixin
    private TextOptions text;

    @Option(names = "--ids", description = "Print the ids alone, on one line.")
    private boolean ids;

    @Option(names = "--no-bos", description = "Do not add the BOS and EOS tokens that the file asks for.")
    private boolean noBos;

    @Option(names = "--no-special", description = "Take special tokens that are written out in the text as plain text.")
    private boolean noSpecial;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Override
    public Integer call() {
        String given = text.text();
        // The vocabulary is enough: the weights stay in the file.
        try (GgufFile file = GgufFile.open(model.path())) {
            Tokenizer tokenizer = Tokenizer.of(file.metadata());
            ModelOptions.warn(tokenizer);
            int[] tokens = tokenizer.encode(given, !noBos, !noSpecial);
            if (json) {
                List<Map<String, Object>> list = new ArrayList<>();
                for (int token : tokens) {
                    Map<String, Object> entry = new LinkedHashMap<>();
                    entry.put("id", token);
                    entry.put("piece", tokenizer.piece(token));
                    list.add(entry);
                }
                System.out.println(Json.of(list));
            } else if (ids) {
                StringBuilder line = new StringBuilder();
                for (int token : tokens) {
                    line.append(line.isEmpty() ? "" : " ").append(token);
                }
                System.out.println(line);
            } else {
                for (int token : tokens) {
                    System.out.printf("%8d  %s%n", token, Style.printable(tokenizer.piece(token)));
                }
            }
        }
        return 0;
    }
}
