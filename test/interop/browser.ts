import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

/** Debian's browser, wherever it stands in PATH; undefined where it is not installed. */
export const chromiumPath: string | undefined = (process.env["PATH"] ?? "")
  .split(delimiter)
  .map((directory) => join(directory, "chromium"))
  .find((path) => existsSync(path));

/**
 * Starts it without a window.
 * @param trustedKey SHA-256 of the public key that it takes for trusted, base64; it is told nothing of our authority
 */
export function startBrowser(trustedKey: string): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath!,
    // Its sandbox wants a user that is not root.
    chromiumSandbox: process.getuid?.() !== 0,
    args: [`--ignore-certificate-errors-spki-list=${trustedKey}`],
    timeout: 30_000,
  });
}
