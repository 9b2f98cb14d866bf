// Compiles src to dist. `node scripts/build.mjs`, best through `npm run build`.
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(root, "dist");
const command = join(dist, "cli", "main.js");

// A file that is gone from src must not live on in dist.
rmSync(dist, { recursive: true, force: true });
const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
const { status } = spawnSync(process.execPath, [compiler, "-p", "tsconfig.build.json"], {
  cwd: root,
  stdio: "inherit",
});
// What the broker serves to browsers as it is.
cpSync(join(root, "src", "http", "page"), join(dist, "http", "page"), { recursive: true });
if (status === 0 && existsSync(command)) chmodSync(command, 0o755);
process.exit(status ?? 1);
