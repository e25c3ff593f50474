#!/usr/bin/env node
// Starts the command line. TypeScript is read through tsx, also in the workers and child processes
// that the host starts, so the loader is registered as a process option and not by an import here.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../core/cli/main.ts', import.meta.url))
const loader = import.meta.resolve('tsx')
const child = spawn(process.execPath, ['--import', loader, main, ...process.argv.slice(2)], { stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => {
  process.exitCode = signal === null ? code ?? 1 : 128 + 15
})
