#!/usr/bin/env node
// Starts the command line in this very process: a signal sent to it reaches the host. TypeScript is read through tsx; workers and
// child processes that the host starts inherit the loader from `process.execArgv`.
import { register } from 'tsx/esm/api'

register()
process.execArgv.push('--import', import.meta.resolve('tsx'))
const { runCommandLine } = await import('../core/cli/main.ts')
await runCommandLine(process.argv.slice(2))
