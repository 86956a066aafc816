package dev.skim.llm.decoder;

import dev.skim.llm.decoder.Weights.Slice;
import dev.skim.nn.Attention;
import dev.skim.nn.GatedFeedForward;
import dev.skim.nn.Linear;
import dev.skim.nn.RmsNorm;
import dev.skim.nn.SelfAttention;

/**
 * One layer: two sublayers, each {@code stream += postNorm(sublayer(norm(stream)))}.
 *
 * @param attentionPostNorm or null
 * @param feedForwardPostNorm or null
 * @param windowed whether its attention reads a window only
 */
record DecoderLayer(
        RmsNorm attentionNorm,
        SelfAttention attention,
        RmsNorm attentionPostNorm,
        RmsNorm feedForwardNorm,
        GatedFeedForward feedForward,
        RmsNorm feedForwardPostNorm,
        boolean windowed) {

    static DecoderLayer load(DecoderConfig config, Weights weights, int layer) {
        String at = "blk." + layer + ".";
        int width = config.width();
        Architecture architecture = config.architecture();
        return new DecoderLayer(
                weights.norm(at + "attn_norm", width, config.epsilon()),
                attention(config, weights, layer, at),
                architecture.postNorms() ? weights.norm(at + "post_attention_norm", width, config.epsilon()) : null,
                weights.norm(at + "ffn_norm", width, config.epsilon()),
                feedForward(config, weights, at),
                architecture.postNorms() ? weights.norm(at + "post_ffw_norm", width, config.epsilon()) : null,
                config.windowed()[layer]);
    }

    private static SelfAttention attention(DecoderConfig config, Weights weights, int layer, String at) {
        int width = config.width();
        int querySize = config.querySize();
        int kvSize = config.kvSize();
        Linear query;
        Linear keyValue;
        if (weights.has(at + "attn_qkv.weight")) {
            int all = Math.addExact(querySize, 2 * kvSize);
            query = weights.linear(width, new Slice(at + "attn_qkv", 0, querySize, all));
            keyValue = weights.linear(width, new Slice(at + "attn_qkv", querySize, 2 * kvSize, all));
        } else {
            query = weights.linear(at + "attn_q", querySize, width);
            keyValue = weights.linear(width, Slice.whole(at + "attn_k", kvSize), Slice.whole(at + "attn_v", kvSize));
        }
        boolean headNorms = config.architecture().headNorms();
        return new SelfAttention(
                layer,
                query,
                keyValue,
                weights.linear(at + "attn_output", width, querySize),
                headNorms ? weights.norm(at + "attn_q_norm", config.headSize(), config.epsilon()) : null,
                headNorms ? weights.norm(at + "attn_k_norm", config.headSize(), config.epsilon()) : null,
                config.headSize(),
                new Attention(
                        config.heads(),
                        config.kvHeads(),
                        config.headSize(),
                        config.queryScale(),
                        config.attentionCap(),
                        config.windowed()[layer] ? config.window() : 0));
    }

    private static GatedFeedForward feedForward(DecoderConfig config, Weights weights, String at) {
        int width = config.width();
        int inner = config.inner();
        // Without a gate of its own, a file has the gate's rows on top of up's (Phi 3).
        Linear gateUp = weights.has(at + "ffn_gate.weight")
                ? weights.linear(width, Slice.whole(at + "ffn_gate", inner), Slice.whole(at + "ffn_up", inner))
                : weights.linear(at + "ffn_up", 2 * inner, width);
        return new GatedFeedForward(
                gateUp, weights.linear(at + "ffn_down", width, inner), config.architecture().activation());
    }
}
