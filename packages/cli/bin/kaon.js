#!/usr/bin/env node
// The `kaon` command. All of it is in `src/`; this file only starts it.
import { main } from '../lib/index.js';

process.exitCode = await main(process.argv.slice(2));
// Sockets and timers that are left after an impatient end must not hold the process.
setTimeout(() => process.exit(), 500).unref();
