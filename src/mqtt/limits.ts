/** The largest Two Byte Integer; bounds Packet Identifiers, Topic Aliases, Receive Maximum and string lengths (§1.5.2). */
export const twoByteMax = 65_535;

/** The largest Four Byte Integer (§1.5.3); as Session Expiry Interval it means "does not expire" (§3.1.2.11.2). */
export const fourByteMax = 4_294_967_295;

/** The largest Variable Byte Integer (§1.5.5). */
export const variableByteMax = 268_435_455;

/** The largest Control Packet there can be: fixed header (5) and Remaining Length (§2.1.4). */
export const packetBytesMax: number = variableByteMax + 5;

/** Receive Maximum when a CONNECT or CONNACK has none (§3.1.2.11.3). */
export const receiveMaximumDefault = 65_535;
