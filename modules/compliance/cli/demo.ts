import type { Command } from 'commander'
import { commandTexts, configurationOf, languageOf, print, printJson, progress, type GlobalOptions } from '../../../core/cli/terminal.js'
import { stopOnSignal } from '../../../core/cli/with-host.js'
import { demonstrationLogin } from '../demo/login.js'
import { writeTrustFile } from '../issue/trust-file.js'
import { runDemonstration, type DemonstrationOutcome } from '../demo/run-demonstration.js'

interface DemoOptions extends GlobalOptions {
  readonly once?: boolean
  readonly out: string
  readonly port?: string
}

/** `khatm demo`: companies of the sandbox, their examples issued and judged; then the application, unless `--once`. */
export function register(program: Command): void {
  program
    .command('demo')
    .description('cli.help.demo')
    .option('--once', 'cli.help.demo.once')
    .option('--out <folder>', 'cli.help.demo.out', 'out')
    .option('--port <number>', 'cli.help.demo.port')
    .action(async (_options: DemoOptions, command: Command) => {
      const options = command.optsWithGlobals<DemoOptions>()
      const locale = languageOf(options.lang)
      const texts = commandTexts()
      const port = options.port === undefined ? {} : { port: Number(options.port) }
      const { bootHost } = await import('../../../core/host/boot.js')
      const running = await bootHost(configurationOf(command, { logLevel: 'warn', ...port }), {
        role: { worker: true, web: options.once !== true },
        sandbox: true,
        onProgress: (step) => {
          progress(texts.text(locale, `host.step.${step}`))
        },
      })
      const forget = stopOnSignal(() => running.stop())
      try {
        const outcome = await runDemonstration(running.host, {
          out: options.out,
          trust: running.authorities?.trustAnchors ?? [],
          locale,
          onProgress: (company) => {
            progress(texts.text(locale, 'demo.company', { company }))
          },
        })
        const anchors = writeTrustFile(options.out, outcome.anchors)
        const login = await demonstrationLogin(running.host, outcome.companies)
        const good = isGood(outcome)
        if (!good) process.exitCode = 1
        const url = options.once === true ? undefined : `http://${running.host.config.listen}:${String((await running.listen()).port)}/`
        if (options.json === true) {
          const { anchors: _trusted, ...told } = outcome
          printJson({ good, url, login: login.login, ...told })
        } else {
          show(outcome, good, (key, params) => texts.text(locale, key, params))
          print(texts.text(locale, 'demo.verify', { anchors, out: options.out }))
        }
        if (url !== undefined) {
          print('', texts.text(locale, 'demo.open', { url, ...login }))
          if (running.authorities !== undefined) print(texts.text(locale, 'demo.sandbox', { url: running.authorities.url }))
          return
        }
      } catch (error) {
        await running.stop()
        throw error
      }
      forget()
      await running.stop()
    })
}

/** All were accepted, and every file on disk passes. */
function isGood({ results, files }: DemonstrationOutcome): boolean {
  return (
    results.length > 0 &&
    results.every((line) => line.status === 'accepted' && line.files?.legal !== undefined && line.files.pdf !== undefined) &&
    files.length >= results.length * 2 &&
    files.every((file) => file.verdict.verdict === 'passed')
  )
}

function show(outcome: DemonstrationOutcome, good: boolean, text: (key: string, params?: Record<string, string>) => string): void {
  for (const line of outcome.results) {
    if (line.status === 'accepted') continue
    for (const fault of line.faults) print(`✗ ${line.number ?? String(line.line)} ${fault.code} ${fault.message}`)
  }
  for (const { path, verdict } of outcome.files) {
    const [signature] = verdict.signatures
    const mark = verdict.verdict === 'passed' ? '✓' : '✗'
    print(`${mark} ${path}  ${verdict.verdict}  ${signature?.level ?? ''}  ${signature?.signer?.name ?? ''}`)
    for (const finding of [...verdict.findings, ...(signature?.findings ?? [])]) {
      if (verdict.verdict !== 'passed') print(`    ${finding.code}`)
    }
  }
  print(text(good ? 'demo.good' : 'demo.bad'))
}
