#!/usr/bin/env node
// The `kaon` command. All of it is in `src/`; this file only starts it.
import { main } from '../lib/index.js';

process.exitCode = await main(process.argv.slice(2));
