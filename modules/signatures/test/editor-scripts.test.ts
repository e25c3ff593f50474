import assert from 'node:assert/strict'
import fc from 'fast-check'
import { templateField, type TemplateField, type TemplateFieldInput } from '../models/field.js'
import { templateRole } from '../models/role.js'
import { arrange, editing, geometry, history, merging, snapping, type Edited, type Rect } from './editor-scripts.js'

const a4 = { width: 595.28, height: 841.89 }
const letter = { width: 612, height: 792 }
const options = ['خيار 1', 'خيار 2']

const page = fc.record({ width: fc.double({ min: 60, max: 3000, noNaN: true }), height: fc.double({ min: 60, max: 3000, noNaN: true }) })
const part = fc.double({ min: 0, max: 1, noNaN: true })

function rectOn(shape: { width: number; height: number }, [x, y, w, h]: readonly [number, number, number, number]): Rect {
  const width = Math.max(w * shape.width, 1)
  const height = Math.max(h * shape.height, 1)
  return { x: x * (shape.width - width), y: y * (shape.height - height), width, height }
}
const placed = page.chain((shape) => fc.tuple(part, part, part, part).map((parts) => ({ shape, rect: rectOn(shape, parts) })))

function near(one: number, other: number, by = 1e-6): void {
  assert.ok(Math.abs(one - other) <= by, `${String(one)} is not ${String(other)}`)
}
function document(...fields: TemplateFieldInput[]): Edited {
  return {
    roles: [templateRole.parse({ id: 'employee', name: 'الموظف' }), templateRole.parse({ id: 'employer', name: 'صاحب العمل', group: 2 })],
    fields: fields.map((field) => templateField.parse(field)),
  }
}
const text = (id: string, more: Partial<TemplateFieldInput> = {}): TemplateFieldInput => ({
  id,
  type: 'text',
  role: 'employee',
  areas: [{ page: 1, x: 0.1, y: 0.1, width: 0.3, height: 0.02 }],
  ...more,
})
const fieldOf = (edited: Edited, id: string): TemplateField => {
  const found = edited.fields.find((field) => field.id === id)
  assert.ok(found, `no field ${id}`)
  return found
}

describe('field editor: places', () => {
  it('points become fractions and come back within a thousandth of a point, and stay on the page', () => {
    fc.assert(
      fc.property(placed, ({ shape, rect }) => {
        const area = geometry.toFractions(rect, shape)
        const back = geometry.toPoints(area, shape)
        for (const side of ['x', 'y', 'width', 'height'] as const) near(back[side], rect[side], 0.004)
        assert.ok(area.x + area.width <= 1 + 1e-9 && area.y + area.height <= 1 + 1e-9)
        assert.deepEqual(templateField.parse({ id: 'a', type: 'text', role: 'r', areas: [{ page: 1, ...area }] }).areas, [
          { page: 1, ...area },
        ])
      }),
    )
  })

  it('resizing by any handle keeps the opposite edges, the page and the smallest size', () => {
    const step = fc.double({ min: -4000, max: 4000, noNaN: true })
    fc.assert(
      fc.property(placed, fc.constantFrom(...geometry.handles), step, step, fc.boolean(), ({ shape, rect }, handle, dx, dy, keepRatio) => {
        const next = geometry.resize(rect, handle, dx, dy, shape, { width: 5, height: 5 }, keepRatio)
        assert.ok(next.width > 0 && next.height > 0)
        if (!handle.includes('w')) near(next.x, rect.x)
        if (!handle.includes('e')) near(next.x + next.width, rect.x + rect.width, 1e-5)
        if (!handle.includes('n')) near(next.y, rect.y)
        if (!handle.includes('s')) near(next.y + next.height, rect.y + rect.height, 1e-5)
        assert.ok(next.x >= -1e-5 && next.y >= -1e-5)
        assert.ok(next.x + next.width <= shape.width + 1e-5 && next.y + next.height <= shape.height + 1e-5)
        if (keepRatio && handle.length === 2) near(next.width / next.height, rect.width / rect.height, (rect.width / rect.height) * 1e-6)
      }),
    )
  })

  it('a group moves together until the first of it meets an edge', () => {
    const group = [
      { rect: { x: 10, y: 700, width: 50, height: 20 }, page: a4 },
      { rect: { x: 400, y: 100, width: 100, height: 20 }, page: a4 },
    ]
    const step = geometry.stepTogether(group, 500, 500)
    near(step.dx, 595.28 - 500)
    near(step.dy, 841.89 - 720)
    assert.deepEqual(geometry.stepTogether(group, -30, 0), { dx: -10, dy: 0 })
  })

  it('reads line by line, from the right where the language begins there', () => {
    const at = (key: string, number: number, x: number, y: number) => ({ key, area: { page: number, x, y, width: 0.1, height: 0.02 } })
    const places = [at('second page', 2, 0, 0), at('right', 1, 0.7, 0.101), at('below', 1, 0.1, 0.3), at('left', 1, 0.1, 0.1)]
    const order = (direction: 'ltr' | 'rtl') => geometry.readingOrder(places, [a4, a4], direction).map(({ key }) => key)
    assert.deepEqual(order('ltr'), ['left', 'right', 'below', 'second page'])
    assert.deepEqual(order('rtl'), ['right', 'left', 'below', 'second page'])
  })
})

describe('field editor: snapping and arranging', () => {
  const neighbour = { x: 100, y: 200, width: 120, height: 30 }

  it('draws edges and middles to neighbours and margins, and nothing that is too far', () => {
    const close = snapping.snapMove({ x: 103, y: 400, width: 80, height: 20 }, [neighbour], a4, 5)
    assert.equal(close.rect.x, 100)
    assert.equal(close.rect.y, 400)
    assert.deepEqual(
      close.guides.map(({ axis, at }) => [axis, at]),
      [['x', 100]],
    )
    const middle = snapping.snapMove({ x: 250, y: 206, width: 60, height: 20 }, [neighbour], a4, 3)
    assert.equal(middle.rect.y, 205, 'the middles are on one line')
    assert.equal(snapping.snapMove({ x: 38, y: 500, width: 80, height: 20 }, [], a4, 5).rect.x, 36, 'margin of the paper')
    const far = { x: 110, y: 500, width: 77, height: 20 }
    assert.deepEqual(snapping.snapMove(far, [neighbour], a4, 2), { rect: far, guides: [] })
  })

  it('gives a resized field the size of its neighbour', () => {
    const resized = snapping.snapResize({ x: 300, y: 400, width: 118, height: 20 }, 'e', [neighbour], a4, 5)
    assert.equal(resized.rect.width, 120)
    assert.deepEqual(resized.equals[0]?.rect, neighbour)
    const fromTheLeft = snapping.snapResize({ x: 302, y: 400, width: 118, height: 20 }, 'w', [neighbour], a4, 5)
    assert.deepEqual(fromTheLeft.rect, { x: 300, y: 400, width: 120, height: 20 })
  })

  it('aligns, spaces equally and makes one size', () => {
    const items = [10, 100, 300].map((x, index) => ({ rect: { x, y: x, width: 20 + index * 10, height: 10 }, page: a4 }))
    assert.deepEqual(
      arrange.align(items, 'right').map(({ x, width }) => x + width),
      [340, 340, 340],
    )
    const spaced = arrange.distribute(items, 'x')
    const [first, second, third] = spaced
    assert.ok(first && second && third)
    near(second.x - first.x - first.width, third.x - second.x - second.width)
    assert.equal(third.x, 300)
    assert.deepEqual(
      arrange.sameSize(items).map(({ width }) => width),
      [20, 20, 20],
    )
  })
})

describe('field editor: undo', () => {
  it('any walk of changes, undos and redos goes back to the beginning and forth to the end', () => {
    const moves = fc.array(fc.constantFrom('change', 'undo', 'redo'), { maxLength: 60 })
    fc.assert(
      fc.property(moves, (walk) => {
        let state = history.begin(0)
        let now = [0]
        let at = 0
        for (const [index, move] of walk.entries()) {
          if (move === 'change') {
            state = history.step(state, index + 1, { name: 'x' })
            now = [...now.slice(0, at + 1), index + 1]
            at += 1
          } else if (move === 'undo') {
            state = history.undo(state)
            at = Math.max(at - 1, 0)
          } else {
            state = history.redo(state)
            at = Math.min(at + 1, now.length - 1)
          }
          assert.equal(state.present, now[at])
        }
      }),
    )
  })

  it('what is typed in one go is one step', () => {
    let state = history.begin('')
    for (const [index, word] of ['a', 'ab', 'abc'].entries())
      state = history.step(state, word, { name: 'typing', key: 'label', at: index * 200 })
    assert.equal(history.undo(state).present, '')
    state = history.step(state, 'abcd', { name: 'typing', key: 'label', at: 9000 })
    assert.equal(history.undo(state).present, 'abc')
  })
})

describe('field editor: fields', () => {
  it('new fields of every kind hold to the model; the seal is the company’s; a radio has a place for each choice', () => {
    for (const type of ['signature', 'initials', 'multiline', 'radio', 'select', 'stamp', 'attachment', 'checkbox'] as const) {
      const { field } = editing.newField(document(), { type, role: 'employee', page: 1, at: { x: 594, y: 841 }, pages: [a4], options })
      const parsed = templateField.parse(field)
      assert.equal(parsed.role, type === 'stamp' ? 'company' : 'employee')
      assert.deepEqual(
        parsed.areas.map(({ option }) => option),
        type === 'radio' ? options : [undefined],
      )
      for (const area of parsed.areas) assert.ok(area.x + area.width <= 1 && area.y + area.height <= 1)
    }
  })

  it('copies to all pages with the same size and the same distance from the nearer edges, whatever the pages', () => {
    const turned = { width: 841.89, height: 595.28 }
    const start = editing.newField(document(), {
      type: 'initials',
      role: 'employee',
      page: 1,
      at: { x: 540, y: 810 },
      pages: [a4],
      options,
    })
    const all = editing.copyToAllPages(start.document, `${start.field.id}/0`, [a4, letter, turned])
    const { areas } = fieldOf(all, start.field.id)
    assert.deepEqual(
      areas.map((area) => area.page),
      [1, 2, 3],
    )
    for (const [index, shape] of [a4, letter, turned].entries()) {
      const area = areas[index]
      assert.ok(area)
      const rect = geometry.toPoints(area, shape)
      near(rect.width, 60, 0.01)
      near(shape.width - rect.x - rect.width, 595.28 - 570, 0.01)
      near(shape.height - rect.y - rect.height, 841.89 - 824, 0.01)
    }
    assert.equal(editing.copyToAllPages(all, `${start.field.id}/0`, [a4, letter, turned]), all, 'a second time changes nothing')
  })

  it('pastes on another page as new fields; conditions on what is not there stay behind', () => {
    const before = document(text('a'), text('b', { conditions: [{ field: 'a', operator: 'filled' }] }))
    const copied = editing.copy(before, ['b/0'])
    const { document: after, keys } = editing.paste(document(), copied, { pages: [a4, letter], page: 2 })
    assert.deepEqual(keys, ['text-1/0'])
    const pasted = fieldOf(after, 'text-1')
    assert.deepEqual(pasted.conditions, [])
    const [area] = pasted.areas
    assert.equal(area?.page, 2)
    assert.ok(area)
    near(area.width * letter.width, 0.3 * a4.width, 0.01)
  })

  it('deleting a field takes the conditions that ask for it along, and says how many', () => {
    const before = document(text('a'), text('b', { conditions: [{ field: 'a', operator: 'filled' }] }))
    const { document: after, conditions } = editing.remove(before, ['a/0'])
    assert.equal(conditions, 1)
    assert.deepEqual(
      after.fields.map(({ id, conditions: left }) => [id, left]),
      [['b', []]],
    )
  })

  it('a choice keeps its place and the conditions on it through a new name', () => {
    const start = editing.newField(document(), { type: 'radio', role: 'employee', page: 1, at: { x: 100, y: 100 }, pages: [a4], options })
    const { id } = start.field
    const asking = text('why', { conditions: [{ field: id, operator: 'equals', value: 'خيار 2' }] })
    const before = { ...start.document, fields: [...start.document.fields, templateField.parse(asking)] }
    const renamed = editing.renameOption(before, id, 1, 'نعم')
    assert.deepEqual(fieldOf(renamed, id).options, ['خيار 1', 'نعم'])
    assert.equal(fieldOf(renamed, id).areas[1]?.option, 'نعم')
    assert.equal(fieldOf(renamed, 'why').conditions[0]?.value, 'نعم')
    const three = editing.addOption(renamed, id, 'ربما', [a4])
    assert.equal(fieldOf(three, id).areas[2]?.option, 'ربما')
    assert.deepEqual(
      fieldOf(editing.removeOption(three, id, 0), id).areas.map(({ option }) => option),
      ['نعم', 'ربما'],
    )
    assert.deepEqual(
      editing.remove(before, [`${id}/0`]).document.fields.map((field) => field.id),
      ['why'],
      'one choice is none',
    )
  })

  it('a role that goes leaves its fields to an heir or takes them along; the seal stays the company’s', () => {
    const before = document(text('a'), text('b', { role: 'employer' }), { ...text('seal'), type: 'stamp', role: 'company' })
    assert.deepEqual(
      editing.removeRole(before, 'employee', 'employer').document.fields.map(({ role }) => role),
      ['employer', 'employer', 'company'],
    )
    assert.equal(editing.removeRole(before, 'employee').document.fields.length, 2)
    assert.deepEqual(
      editing.setRole(before, ['a', 'seal'], 'employer').fields.map(({ role }) => role),
      ['employer', 'employer', 'company'],
    )
  })
})

describe('field editor: two who edit at once', () => {
  const base = document(text('a'), text('b'), text('c'))
  const change = (edited: Edited, id: string, label: string): Edited => ({
    ...edited,
    fields: edited.fields.map((field) => (field.id === id ? { ...field, label } : field)),
  })

  it('takes what only the other changed, keeps what both changed as it is here, and tells', () => {
    const mine = change(change(base, 'a', 'mine'), 'b', 'mine too')
    const theirs = change(change(base, 'b', 'theirs'), 'c', 'theirs too')
    const { document: both, taken, kept } = merging.merge(base, mine, theirs)
    assert.deepEqual(
      both.fields.map(({ label }) => label),
      ['mine', 'mine too', 'theirs too'],
    )
    assert.deepEqual([taken, kept], [['c'], ['b']])
  })

  it('new fields of both stand; what one deleted and the other changed stays', () => {
    const mine = { ...base, fields: [...base.fields.filter(({ id }) => id !== 'a'), templateField.parse(text('mine'))] }
    const theirs = change({ ...base, fields: [...base.fields, templateField.parse(text('theirs'))] }, 'a', 'changed')
    const ids = merging.merge(base, mine, theirs).document.fields.map(({ id }) => id)
    assert.deepEqual([...ids].sort(), ['a', 'b', 'c', 'mine', 'theirs'])
    const gone = { ...base, fields: base.fields.slice(1) }
    assert.deepEqual(
      merging.merge(base, gone, base).document.fields.map(({ id }) => id),
      ['b', 'c'],
    )
  })

  it('the order in which members were written is no difference', () => {
    assert.ok(merging.same({ a: 1, b: [{ c: 2, d: 3 }] }, { b: [{ d: 3, c: 2 }], a: 1 }))
    assert.ok(!merging.same({ a: 1 }, { a: 1, b: undefined, c: 2 }))
    assert.ok(!merging.same([1, 2], [2, 1]))
  })
})
