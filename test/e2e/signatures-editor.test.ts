/// <reference lib="dom" />
import assert from 'node:assert/strict'
import { PDFDocument, StandardFonts, degrees, rgb } from 'pdf-lib'
import type { Page } from 'playwright-core'
import type { PageShape, TemplateField } from '../../modules/signatures/models/field.js'
import { templateRole } from '../../modules/signatures/models/role.js'
import type { TemplateVersion } from '../../modules/signatures/models/template.js'
import { readTemplate } from '../../modules/signatures/services/template-rows.js'
import { insertTemplate } from '../../modules/signatures/templates/create-template.js'
import { judge } from './accessibility.js'
import { logIn, noBrowser, openWindow, shows, speak, type Window } from './browser.js'
import { house, openHouse, type House } from './house.js'
import { keepScreenshot } from './screenshot.js'

const a4: PageShape = { width: 595.28, height: 841.89 }
/** The second page: 500 × 700 points of it are shown, turned by a quarter. */
const crop = { x: 40, y: 60, width: 500, height: 700 }
const turned: PageShape = { width: crop.height, height: crop.width }
const shapes = [a4, turned, a4]

/** Places of black marks as a reader sees them, in points from the upper left corner. */
const marks = [
  { page: 1, x: 100, y: 300, width: 150, height: 40 },
  { page: 2, x: 200, y: 150, width: 150, height: 40 },
]

/** Three pages: plain; turned by 90° with a crop box that does not begin at the corner; plain. Each of the first two has a mark. */
async function makeDocument(): Promise<Buffer> {
  const pdf = await PDFDocument.create()
  const font = await pdf.embedFont(StandardFonts.TimesRoman)
  const black = rgb(0, 0, 0)
  for (let number = 1; number <= 3; number += 1) {
    const page = pdf.addPage([a4.width, a4.height])
    page.drawText(`Employment contract, page ${number}`, { x: 60, y: 700, size: 16, font })
    const mark = marks.find((one) => one.page === number)
    if (number === 2 && mark !== undefined) {
      page.setRotation(degrees(90))
      page.setCropBox(crop.x, crop.y, crop.width, crop.height)
      // Turned clockwise: what is seen from the left is the height of the page, what is seen from the top its width.
      page.drawRectangle({ x: crop.x + mark.y, y: crop.y + mark.x, width: mark.height, height: mark.width, color: black })
    } else if (mark !== undefined) {
      page.drawRectangle({ x: mark.x, y: a4.height - mark.y - mark.height, width: mark.width, height: mark.height, color: black })
    }
  }
  return Buffer.from(await pdf.save())
}

describe('Field editor on the real pages, in Arabic', function () {
  this.timeout(180_000)
  if (noBrowser !== undefined) {
    it(`needs a browser: ${noBrowser}`)
    return
  }
  let open: House
  let window: Window
  let page: Page
  let id: string

  const stored = (): Promise<TemplateVersion> =>
    open.running.host.db.company(open.company.id, async (transaction) => (await readTemplate(transaction, id)).current)

  async function fieldsOfType(type: string): Promise<TemplateField[]> {
    return (await stored()).fields.filter((field) => field.type === type)
  }

  async function saved(): Promise<void> {
    await page.locator('#se-editor[data-saved=saved]').waitFor()
  }

  async function openEditor(tab: Page = page): Promise<void> {
    await tab.goto(`${open.url}/app/signatures/template/${id}/editor`)
    await tab.locator('#se-editor[data-ready]').waitFor()
    await tab.locator('.se-page[data-drawn]').first().waitFor()
  }

  /** A point of a page, in points as it is seen, as a point of the window. */
  async function pointOf(number: number, x: number, y: number): Promise<{ x: number; y: number }> {
    const sheet = page.locator(`.se-page[data-page="${number}"]`)
    const shape = shapes[number - 1]
    const box = await sheet.boundingBox()
    assert.ok(box && shape)
    return { x: box.x + (x / shape.width) * box.width, y: box.y + (y / shape.height) * box.height }
  }

  async function drag(from: { x: number; y: number }, to: { x: number; y: number }): Promise<void> {
    // Alt: exactly where the pointer says, without being drawn to lines.
    await page.keyboard.down('Alt')
    await page.mouse.move(from.x, from.y)
    await page.mouse.down()
    await page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 3 })
    await page.mouse.move(to.x, to.y, { steps: 3 })
    await page.mouse.up()
    await page.keyboard.up('Alt')
  }

  async function dragFromPalette(type: string, number: number, x: number, y: number): Promise<void> {
    await page.locator(`.se-page[data-page="${number}"]`).scrollIntoViewIfNeeded()
    const button = page.locator(`.se-type[data-type=${type}]`)
    await button.scrollIntoViewIfNeeded()
    const box = await button.boundingBox()
    assert.ok(box)
    await drag({ x: box.x + box.width / 2, y: box.y + box.height / 2 }, await pointOf(number, x, y))
  }

  /** Where the black mark of a page is, in points, measured in the pixels that were drawn. */
  async function seenMark(number: number): Promise<{ x: number; y: number; width: number; height: number }> {
    const sheet = page.locator(`.se-page[data-page="${number}"]`)
    await sheet.scrollIntoViewIfNeeded()
    await page.locator(`.se-page[data-page="${number}"][data-drawn]`).waitFor()
    const shape = shapes[number - 1]
    assert.ok(shape)
    const found = await sheet.locator('canvas').evaluate((canvas) => {
      if (!(canvas instanceof HTMLCanvasElement)) throw new Error('no canvas')
      const { width, height } = canvas
      const data = canvas.getContext('2d')?.getImageData(0, 0, width, height).data ?? new Uint8ClampedArray()
      let [left, top, right, bottom] = [width, height, 0, 0]
      for (let y = 0; y < height; y += 1) {
        // The longest black run of a row is the mark; letters are short.
        let run = 0
        for (let x = 0; x <= width; x += 1) {
          const black = x < width && (data[(y * width + x) * 4] ?? 255) < 128
          if (black) run += 1
          else {
            if (run > width / 8) {
              left = Math.min(left, x - run)
              right = Math.max(right, x)
              top = Math.min(top, y)
              bottom = Math.max(bottom, y + 1)
            }
            run = 0
          }
        }
      }
      return { left: left / width, top: top / height, right: right / width, bottom: bottom / height }
    })
    return {
      x: found.left * shape.width,
      y: found.top * shape.height,
      width: (found.right - found.left) * shape.width,
      height: (found.bottom - found.top) * shape.height,
    }
  }

  before(async () => {
    open = await openHouse()
    const { host } = open.running
    if (!(await host.modules.isEnabled(open.company.id, 'signatures'))) await host.modules.enable(open.context, 'signatures')
    const bytes = await makeDocument()
    id = await host.db.company(open.company.id, async (transaction) => {
      const { sha256 } = await host.files.put(transaction, bytes, 'application/pdf')
      return insertTemplate(
        host,
        transaction,
        open.context,
        { name: 'عقد عمل Employment contract', locale: 'ar' },
        {
          content: { kind: 'pdf', fileName: 'contract.pdf' },
          pdfSha256: sha256,
          pages: shapes,
          roles: [
            templateRole.parse({ id: 'employee', name: 'الموظف' }),
            templateRole.parse({ id: 'employer', name: 'صاحب العمل', group: 2 }),
          ],
          fields: [],
        },
      )
    })
    window = await openWindow(open.browser, { width: 1440, height: 900, bypassCSP: true })
    page = window.page
    await logIn(page, open.url, house.login, house.password)
    await openEditor()
  })
  after(async () => {
    await window.context.close()
  })

  it('what is drawn stands where the document says, also on a turned and cropped page', async () => {
    for (const mark of marks) {
      const seen = await seenMark(mark.page)
      const edges = (rect: typeof seen): readonly number[] => [rect.x, rect.y, rect.x + rect.width, rect.y + rect.height]
      for (const [index, edge] of edges(mark).entries())
        assert.ok(
          Math.abs((edges(seen)[index] ?? NaN) - edge) <= 1,
          `page ${mark.page}: ${edges(seen).join()} is not ${edges(mark).join()}`,
        )
    }
    await page.locator('.se-page[data-page="1"]').scrollIntoViewIfNeeded()
  })

  it('a field dragged from the palette is stored at the pixels where it was let go, at two zooms', async () => {
    await dragFromPalette('text', 1, 300, 500)
    await page.getByRole('button', { name: 'تصغير' }).click()
    await page.getByRole('button', { name: 'تصغير' }).click()
    await dragFromPalette('number', 2, 400, 300)
    await saved()
    const [text] = await fieldsOfType('text')
    const [number] = await fieldsOfType('number')
    assert.ok(text && number)
    assert.equal(text.role, 'employee')
    for (const [field, wanted] of [
      [text, { page: 1, x: 300, y: 500 }],
      [number, { page: 2, x: 400, y: 300 }],
    ] as const) {
      const [area] = field.areas
      const shape = shapes[wanted.page - 1]
      assert.ok(area && shape)
      assert.equal(area.page, wanted.page)
      assert.ok(Math.abs((area.x + area.width / 2) * shape.width - wanted.x) <= 1, `x ${area.x}`)
      assert.ok(Math.abs((area.y + area.height / 2) * shape.height - wanted.y) <= 1, `y ${area.y}`)
    }
  })

  it('moved and resized onto the marks, fields hide exactly the marks: pixels and stored fractions agree within a point', async () => {
    for (const [type, mark] of [
      ['text', marks[0]],
      ['number', marks[1]],
    ] as const) {
      assert.ok(mark)
      await page.locator(`.se-page[data-page="${mark.page}"]`).scrollIntoViewIfNeeded()
      const box = page.locator(`.se-box[data-type=${type}]`)
      await box.scrollIntoViewIfNeeded()
      const start = await box.boundingBox()
      assert.ok(start)
      const corner = await pointOf(mark.page, mark.x, mark.y)
      await drag(
        { x: start.x + start.width / 2, y: start.y + start.height / 2 },
        { x: corner.x + start.width / 2, y: corner.y + start.height / 2 },
      )
      const handle = box.locator('.se-handle[data-handle=se]')
      const grip = await handle.boundingBox()
      const now = await box.boundingBox()
      assert.ok(grip && now)
      const end = await pointOf(mark.page, mark.x + mark.width, mark.y + mark.height)
      const from = { x: grip.x + grip.width / 2, y: grip.y + grip.height / 2 }
      await drag(from, { x: from.x + end.x - (now.x + now.width), y: from.y + end.y - (now.y + now.height) })
    }
    await saved()
    for (const [type, mark] of [
      ['text', marks[0]],
      ['number', marks[1]],
    ] as const) {
      const [area] = (await fieldsOfType(type))[0]?.areas ?? []
      const shape = shapes[(mark?.page ?? 1) - 1]
      assert.ok(area && mark && shape)
      const [width, height] = [shape.width, shape.height]
      const places = { x: area.x * width, y: area.y * height, width: area.width * width, height: area.height * height }
      for (const side of ['x', 'y', 'width', 'height'] as const)
        assert.ok(Math.abs(places[side] - mark[side]) <= 1, `${type} ${side}: ${places[side]} is not ${mark[side]}`)
    }
  })

  it('by keyboard alone: placed from the palette, moved by points, resized, told to who does not see it', async () => {
    await page.locator('[data-act=zoom-fit]').click()
    await page.locator('.se-page[data-page="1"]').scrollIntoViewIfNeeded()
    await page.locator('.se-rolebutton').nth(1).press('Enter')
    await page.locator('.se-type[data-type=initials]').press('Enter')
    const box = page.locator('.se-box[data-type=initials]')
    await box.waitFor()
    assert.equal(await box.evaluate((one) => one === document.activeElement), true, 'the new field has the focus')
    await saved()
    const [before] = (await fieldsOfType('initials'))[0]?.areas ?? []
    await page.keyboard.press('Shift+ArrowRight')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Alt+ArrowRight')
    await shows(page.locator('#se-live'), /نقطة/)
    await saved()
    const [field] = await fieldsOfType('initials')
    const [after] = field?.areas ?? []
    assert.ok(before && after && field)
    assert.equal(field.role, 'employer', 'it belongs to the role that was chosen')
    assert.ok(Math.abs((after.x - before.x) * a4.width - 10) < 0.01)
    assert.ok(Math.abs((after.y - before.y) * a4.height - 1) < 0.01)
    assert.ok(Math.abs((after.width - before.width) * a4.width - 1) < 0.01)
    assert.match(
      (await box.getAttribute('aria-label')) ?? '',
      /^توقيع مختصر، صاحب العمل، الصفحة 1 من 3، \d+٪ من اليسار، \d+٪ من الأعلى، 61 × 28 نقطة، إلزامي$/,
    )
  })

  it('stands on all pages by one button; undo and redo take every step; a reload shows what was saved', async () => {
    await page.locator('.se-box[data-type=initials]').first().click()
    await page.getByRole('button', { name: 'في كل الصفحات' }).click()
    await saved()
    assert.deepEqual(
      (await fieldsOfType('initials'))[0]?.areas.map((area) => area.page),
      [1, 2, 3],
    )
    await page.locator('.se-box[data-type=initials]').first().focus()
    await page.keyboard.press('Control+z')
    await page.locator('.se-box[data-type=initials]').nth(1).waitFor({ state: 'detached' })
    await page.keyboard.press('Control+z')
    await page.keyboard.press('Control+Shift+z')
    await page.keyboard.press('Control+Shift+z')
    await saved()
    const before = (await stored()).fields
    await page.reload()
    await page.locator('#se-editor[data-ready]').waitFor()
    assert.equal(
      await page.locator('.se-box').count(),
      before.reduce((sum, field) => sum + field.areas.length, 0),
    )
    assert.deepEqual((await stored()).fields, before)
  })

  it('copies, pastes, chooses several with a rubber band, and aligns them', async () => {
    await page.locator('.se-page[data-page="3"]').scrollIntoViewIfNeeded()
    await dragFromPalette('date', 3, 200, 400)
    await page.keyboard.press('Control+c')
    await page.keyboard.press('Control+v')
    await page.keyboard.press('Shift+ArrowDown')
    await page.keyboard.press('Shift+ArrowDown')
    await page.keyboard.press('Shift+ArrowDown')
    await page.locator('.se-box[data-type=date]').nth(1).waitFor()
    await drag(await pointOf(3, 100, 350), await pointOf(3, 330, 500))
    assert.equal(await page.locator('.se-box.se-chosen').count(), 2)
    await page.getByRole('button', { name: 'محاذاة إلى اليسار' }).click()
    await saved()
    const dates = await fieldsOfType('date')
    assert.equal(dates.length, 2)
    assert.equal(dates[0]?.areas[0]?.x, dates[1]?.areas[0]?.x)
    await page.keyboard.press('Escape')
  })

  it('properties: label, choices, a condition; what is missing is said, and stays said until it is mended', async () => {
    await page.locator('.se-rolebutton').first().click()
    await dragFromPalette('radio', 3, 120, 220)
    const first = page.locator('input[data-name=option-0]')
    await first.fill('دوام كامل')
    await first.press('Tab')
    await page.locator('input[data-name=label]').fill('نوع الدوام')
    await dragFromPalette('multiline', 3, 300, 260)
    await page.locator('input[data-name=label]').fill('ملاحظات')
    await page.locator('summary', { hasText: 'الشروط' }).click()
    await page.getByRole('button', { name: 'إضافة شرط' }).click()
    await page.locator('select[data-name="condition-0-field"]').selectOption({ label: 'نوع الدوام · الموظف' })
    await page.locator('select[data-name="condition-0-operator"]').selectOption('equals')
    await page.locator('select[data-name="condition-0-value"]').selectOption('دوام كامل')
    await saved()
    const [radio] = await fieldsOfType('radio')
    const [note] = await fieldsOfType('multiline')
    assert.deepEqual(radio?.options, ['دوام كامل', 'خيار 2'])
    assert.deepEqual(
      radio.areas.map(({ option }) => option),
      radio.options,
    )
    assert.deepEqual(note?.conditions, [{ field: radio.id, operator: 'equals', value: 'دوام كامل' }])
    await page.locator('#se-check').click()
    // Values stand in isolates, whatever script they are of.
    await shows(page.locator('#se-list'), /«\u2068?الموظف\u2069?» يوقِّع وليس له حقل توقيع/)
    await keepScreenshot(page, 'signatures-editor-ar', { fullPage: false })
    await page.locator('#se-next').click()
    await shows(page.locator('#se-leave'), 'لم يجهز للإرسال بعد')
    await page.keyboard.press('Escape')
    await dragFromPalette('signature', 3, 180, 600)
    await page.locator('.se-rolebutton').nth(1).click()
    await dragFromPalette('signature', 3, 420, 600)
    await dragFromPalette('stamp', 3, 420, 720)
    await saved()
    await shows(page.locator('#se-check'), 'لا شيء لإصلاحه')
    assert.equal((await fieldsOfType('stamp'))[0]?.role, 'company')
  })

  it('the preview asks what the signer will be asked, conditions at work', async () => {
    await page.locator('#se-preview').click()
    await page.locator('.se-step select').selectOption('employee')
    const note = page.locator('.se-ask[data-type=multiline]')
    assert.equal(await note.count(), 0, 'its condition does not hold yet')
    await page.getByRole('radio', { name: 'نوع الدوام *: دوام كامل' }).check()
    await note.waitFor()
    assert.equal(await page.locator('.se-ask[data-type=initials]').count(), 0, 'the field of another is not asked for')
    await page.locator('#se-preview').click()
  })

  it('two windows on one template: what was saved meanwhile is taken in, nothing is lost', async () => {
    const second = await window.context.newPage()
    await openEditor(second)
    await second.locator('.se-box[data-type=number]').click()
    await second.locator('input[data-name=label]').fill('الراتب')
    await second.locator('#se-editor[data-saved=saved]').waitFor()
    await second.waitForFunction(() => document.querySelector('#se-state')?.textContent === 'محفوظ')
    await second.close()
    await page.locator('.se-box[data-type=text]').click()
    await page.locator('input[data-name=label]').fill('العنوان الوطني')
    await shows(page.locator('#se-banner'), 'حفظ شخص آخر في هذه الأثناء')
    await saved()
    const labels = (await stored()).fields.map(({ label }) => label)
    assert.ok(labels.includes('الراتب') && labels.includes('العنوان الوطني'), labels.join())
  })

  it('without a connection the work stays, is told, and is saved when the connection is back', async () => {
    await window.context.setOffline(true)
    await page.locator('.se-box[data-type=text]').click()
    await page.locator('input[data-name=help]').or(page.locator('textarea[data-name=help]')).fill('كما في أبشر')
    await shows(page.locator('#se-state'), 'لا يوجد اتصال')
    await window.context.setOffline(false)
    await saved()
    assert.equal((await fieldsOfType('text'))[0]?.help, 'كما في أبشر')
    window.complaints.splice(0, Infinity, ...window.complaints.filter((one) => !/ERR_INTERNET_DISCONNECTED|409/.test(one)))
  })

  it('no serious fault of accessibility in Arabic, English and Bulgarian, on a desk and on a phone', async () => {
    for (const locale of ['ar', 'en', 'bg'] as const) {
      await speak(page, open.url, locale)
      await openEditor()
      await page.locator('.se-box[data-type=radio]').first().click()
      assert.deepEqual(await judge(page), [], `editor in ${locale}`)
      await page.locator('#se-tab-list').click()
      assert.deepEqual(await judge(page), [], `list in ${locale}`)
    }
    await speak(page, open.url, 'ar')
    await page.setViewportSize({ width: 390, height: 844 })
    await openEditor()
    await page.locator('[data-act=sheet-start]').click()
    assert.deepEqual(await judge(page), [], 'sheet of fields on a phone')
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing sticks out sideways')
    await page.locator('#se-start [data-act=sheet-close]').click()
    await page.locator('[data-act=sheet-properties]').click()
    assert.deepEqual(await judge(page), [], 'sheet of properties on a phone')
    await page.setViewportSize({ width: 1440, height: 900 })
    assert.deepEqual(window.complaints, [])
  })
})
