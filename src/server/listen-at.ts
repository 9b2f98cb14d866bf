import type { Limits } from "../broker/limits.ts";
import type { ListenAt } from "../net/listener.ts";
import { defaultPath } from "./config.ts";
import type { ListenerOptions } from "./options.ts";

/** A door for the network: what its options leave out comes from the limits of the whole. */
export function listenAt(options: ListenerOptions, limits: Limits): ListenAt {
  const { protocol, host, port, tls, path = defaultPath, limits: own = {}, loopbackOriginsOnly = false } = options;
  return {
    protocol,
    host,
    port,
    tls,
    connectTimeoutSeconds: own.connectTimeoutSeconds ?? limits.connectTimeoutSeconds,
    limits: {
      connectionsMax: own.connectionsMax,
      connectionsPerAddressMax: own.connectionsPerAddressMax,
      connectsPerSecondMax: own.connectsPerSecondMax,
    },
    proxyAddresses: options.proxyAddresses,
    upgrade: { path, packetBytesMax: own.packetBytesMax ?? limits.packetBytesMax, loopbackOriginsOnly },
  };
}
