import { readFileSync } from 'node:fs'
import { SigningHouse } from '../../modules/signatures/services/signing/test/signing-house.js'
import { readEvents } from '../../modules/signatures/services/events.js'
import { launch, logIn, noBrowser, openWindow } from '../e2e/browser.js'

/**
 * A process of its own: a contract of 100 scanned pages and 20 MB is opened in the field editor, sent, signed by two people and sealed.
 * It tells the times in milliseconds and the most memory this process ever had.
 */
const [, , input = ''] = process.argv
const pages = 100
const house = await SigningHouse.open({ role: { web: true } })
const { running, context, host } = house
const templateId = await house.template(readFileSync(input), pages)
// Before anything of the request: the host, its modules run from source, and the sandbox's authorities beside it.
const megabytesBefore = process.resourceUsage().maxRSS / 1024
const times: Record<string, number> = {}
async function timed<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  const started = performance.now()
  const result = await work()
  times[name] = performance.now() - started
  return result
}

const request = await timed('send', () => house.sent(templateId))
await timed('sign', () => house.submit(request, 'employee'))
const second = await house.verify(request.id)
await house.submit(second, 'employer')
// What a worker does: the seal, the archive time stamp, the check of both; the other files of the request are made by the same job.
const { sealRequest } = await import('../../modules/signatures/services/signing/seal-request.js')
const began = Date.now()
await timed('whole', () => sealRequest(host, context, request.id))
const events = await house.company((transaction) => readEvents(transaction, request.id))
const at = (type: string): number => events.find((event) => event.type === type)?.at.getTime() ?? Number.NaN
times['seal'] = at('archived') - began
times['files'] = at('completed') - at('archived')
const megabytes = process.resourceUsage().maxRSS / 1024
times['added'] = megabytes - megabytesBefore

if (noBrowser === undefined) {
  const password = 'a long password of a bench'
  await running.access.createUser({ login: 'bench@example.test', password, name: 'Bench', locale: 'en' }, [
    { companyId: context.companyId, groups: ['core.admin'] },
  ])
  const { port } = await running.listen()
  const url = `http://127.0.0.1:${String(port)}`
  const browser = await launch()
  const { page } = await openWindow(browser, { locale: 'en', width: 1440 })
  await logIn(page, url, 'bench@example.test', password)
  for (const visit of ['editor-first', 'editor-again']) {
    await page.goto(`${url}/app/signatures/template/${templateId}/editor`)
    const editor = page.locator('#se-editor[data-first-page]')
    await editor.waitFor({ timeout: 60_000 })
    times[visit] = Number(await editor.getAttribute('data-first-page'))
  }
  await browser.close()
}
const { state } = await house.read(request.id)
process.stdout.write(`${JSON.stringify({ ...times, megabytes, state })}\n`)
await house.close()
process.exit(0)
