package dev.skim.llm.cli;

import java.io.IOException;
import java.net.Authenticator;
import java.net.InetSocketAddress;
import java.net.PasswordAuthentication;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.net.URLDecoder;
import java.util.List;
import java.util.Map;

/** The proxies that the environment names: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, in either case. */
final class Proxies extends ProxySelector {
    private final Map<String, String> environment;

    private Proxies(Map<String, String> environment) {
        this.environment = environment;
    }

    /** Makes a client use them. */
    static HttpClient.Builder configure(HttpClient.Builder client, Map<String, String> environment) {
        Proxies proxies = new Proxies(environment);
        for (String scheme : new String[] {"https", "http"}) {
            URI proxy = proxies.proxy(scheme);
            if (proxy != null && proxy.getRawUserInfo() != null) {
                // Off by default in the JDK for proxies of https; the user's own variable asks for it.
                System.setProperty("jdk.http.auth.tunneling.disabledSchemes", "");
                client.authenticator(new Login(proxy.getRawUserInfo()));
            }
        }
        return client.proxy(proxies);
    }

    @Override
    public List<Proxy> select(URI target) {
        URI proxy = proxy(target.getScheme());
        if (proxy == null || isExempt(target.getHost())) {
            return List.of(Proxy.NO_PROXY);
        }
        int port = proxy.getPort() >= 0 ? proxy.getPort() : "https".equals(proxy.getScheme()) ? 443 : 80;
        return List.of(new Proxy(Proxy.Type.HTTP, new InetSocketAddress(proxy.getHost(), port)));
    }

    @Override
    public void connectFailed(URI target, SocketAddress proxy, IOException failure) {
        // The client reports it.
    }

    private URI proxy(String scheme) {
        String value = variable(scheme + "_proxy");
        if (value == null) {
            value = variable("all_proxy");
        }
        if (value == null) {
            return null;
        }
        try {
            URI proxy = URI.create(value.contains("://") ? value : "http://" + value);
            return proxy.getHost() == null ? null : proxy;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private boolean isExempt(String host) {
        String exempt = variable("no_proxy");
        if (exempt == null) {
            return false;
        }
        for (String entry : exempt.split("[,\\s]+")) {
            String suffix = entry.startsWith("*.") ? entry.substring(1) : entry;
            if (entry.equals("*") || !suffix.isEmpty()
                    && (host.equals(suffix) || host.endsWith(suffix.startsWith(".") ? suffix : "." + suffix))) {
                return true;
            }
        }
        return false;
    }

    private String variable(String name) {
        String value = environment.get(name);
        if (value == null) {
            value = environment.get(name.toUpperCase(java.util.Locale.ROOT));
        }
        return value == null || value.isBlank() ? null : value;
    }

    /** The name and password that stand in a proxy's address. */
    private static final class Login extends Authenticator {
        private final String[] parts;

        Login(String userInfo) {
            parts = userInfo.split(":", 2);
        }

        @Override
        protected PasswordAuthentication getPasswordAuthentication() {
            return getRequestorType() != RequestorType.PROXY
                    ? null
                    : new PasswordAuthentication(decode(parts[0]), decode(parts.length < 2 ? "" : parts[1]).toCharArray());
        }

        private static String decode(String text) {
            return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
        }
    }
}
