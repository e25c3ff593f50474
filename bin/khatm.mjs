#!/usr/bin/env node
// Starts the command line in this very process: a signal sent to it reaches the host. Child processes that the host starts inherit
// the reading of TypeScript from `process.execArgv`.
import './typescript.mjs'

process.execArgv.push('--import', import.meta.resolve('./typescript.mjs'))
const { runCommandLine } = await import('../core/cli/main.ts')
await runCommandLine(process.argv.slice(2))
