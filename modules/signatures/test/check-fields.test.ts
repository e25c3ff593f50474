import assert from 'node:assert/strict'
import { templateField, type TemplateFieldInput } from '../models/field.js'
import { templateRole, type TemplateRoleInput } from '../models/role.js'
import { checkFields } from '../services/check-fields.js'
import { timeSpent } from '../../../test/helpers/time-spent.js'

const pages = [{ width: 595.28, height: 841.89 }]
const area = (x: number, y: number, width = 0.2, height = 0.03, page = 1) => ({ page, x, y, width, height })
const employee: TemplateRoleInput = { id: 'employee', name: 'Employee' }
const employer: TemplateRoleInput = { id: 'employer', name: 'Employer', group: 2 }
const signature: TemplateFieldInput = { id: 'sign', type: 'signature', role: 'employee', areas: [area(0.1, 0.8, 0.3, 0.06)] }
const text = (id: string, y: number, more: Partial<TemplateFieldInput> = {}): TemplateFieldInput => ({
  id,
  type: 'text',
  role: 'employee',
  areas: [area(0.1, y)],
  ...more,
})

function found(fields: readonly TemplateFieldInput[], roles: readonly TemplateRoleInput[] = [employee]): string[] {
  const checked = { roles: roles.map((role) => templateRole.parse(role)), fields: fields.map((field) => templateField.parse(field)), pages }
  return checkFields(checked).map(
    ({ code, path, level }) => `${level === 'warning' ? '?' : ''}${code.replace('SIGNATURES-CHECK-', '')} ${path ?? ''}`,
  )
}

describe('checks of fields before sending', () => {
  it('a signer, a signature and a question are enough', () => {
    assert.deepEqual(found([signature, text('name', 0.1)]), [])
  })

  const cases: readonly (readonly [string, readonly TemplateFieldInput[], readonly string[], (readonly TemplateRoleInput[])?])[] = [
    ['nobody signs', [], ['NOBODY-SIGNS roles'], []],
    ['a signer without signature field', [signature], ['NO-SIGNATURE roles[1]'], [employee, employer]],
    ['an approver needs no signature', [signature], [], [employee, { ...employer, action: 'approve' }]],
    [
      'who only approves does not sign',
      [signature, { ...signature, id: 'other', role: 'employer', areas: [area(0.6, 0.8, 0.3, 0.06)] }],
      ['ROLE-FILLS-NOT fields[1].role'],
      [employee, { ...employer, action: 'approve' }],
    ],
    ['nothing proves who opens the link', [signature], ['NO-PROOF roles[0].authentication'], [{ ...employee, authentication: [] }]],
    ['a field beyond the page', [signature, text('a', 0.98)], ['OUTSIDE fields[1].areas[0]']],
    ['a page that is not there', [signature, text('a', 0.1, { areas: [area(0.1, 0.1, 0.2, 0.03, 3)] })], ['NO-PAGE fields[1].areas[0]']],
    ['one over another', [signature, text('a', 0.1), text('b', 0.11)], ['?OVERLAP fields[2].areas[0]']],
    ['borders that touch are no overlap', [signature, text('a', 0.1), text('b', 0.13)], []],
    ['a signature too small to see', [{ ...signature, areas: [area(0.1, 0.8, 0.02, 0.01)] }], ['SMALL fields[0].areas[0]']],
    ['a list of one', [signature, text('a', 0.1, { type: 'select', options: ['x'] })], ['OPTIONS fields[1].options']],
    [
      'a choice without place',
      [signature, text('a', 0.1, { type: 'radio', options: ['x', 'y'], areas: [{ ...area(0.1, 0.1), option: 'x' }] })],
      ['OPTION-PLACE fields[1].options[1]'],
    ],
    [
      'a condition on nothing',
      [signature, text('a', 0.1, { conditions: [{ field: 'gone', operator: 'filled' }] })],
      ['CONDITION-MISSING fields[1].conditions[0]'],
    ],
    [
      'conditions in a circle',
      [
        signature,
        text('a', 0.1, { conditions: [{ field: 'b', operator: 'filled' }] }),
        text('b', 0.2, { conditions: [{ field: 'a', operator: 'filled' }] }),
      ],
      ['CONDITION-CIRCLE fields[1].conditions[0]', 'CONDITION-CIRCLE fields[2].conditions[0]'],
    ],
    [
      'a condition on what a later signer fills',
      [
        signature,
        { ...signature, id: 'second', role: 'employer', areas: [area(0.6, 0.8, 0.3, 0.06)] },
        text('a', 0.1, { conditions: [{ field: 'b', operator: 'filled' }] }),
        text('b', 0.2, { role: 'employer' }),
      ],
      ['CONDITION-LATER fields[2].conditions[0]'],
      [employee, employer],
    ],
    [
      'a condition on a choice that is not offered',
      [
        signature,
        text('a', 0.1, { type: 'select', options: ['x', 'y'] }),
        text('b', 0.2, { conditions: [{ field: 'a', operator: 'equals', value: 'z' }] }),
      ],
      ['CONDITION-OPTION fields[2].conditions[0]'],
    ],
    [
      'limits the wrong way round',
      [signature, text('a', 0.1, { type: 'number', validation: { minimum: '10', maximum: '9' } })],
      ['LIMITS fields[1].validation'],
    ],
    ['only shown, but empty', [signature, text('a', 0.1, { readonly: true })], ['?READONLY-EMPTY fields[1].defaultValue']],
    ['a seal of a person', [signature, text('a', 0.1, { type: 'stamp' })], ['STAMP-OWNER fields[1].role']],
    [
      'the company signs by hand',
      [signature, { ...signature, id: 'c', role: 'company', areas: [area(0.6, 0.8, 0.3, 0.06)] }],
      ['COMPANY-CANNOT fields[1].role'],
    ],
  ]
  for (const [name, fields, expected, roles] of cases) it(name, () => assert.deepEqual(found(fields, roles ?? [employee]), expected))

  it('a thousand fields on one page are checked in a moment', () => {
    const many = Array.from({ length: 1000 }, (_, index) =>
      text(`f-${index}`, 0, { areas: [area((index % 40) * 0.024, Math.floor(index / 40) * 0.03, 0.02, 0.02)] }),
    )
    const spent = timeSpent()
    assert.deepEqual(found([{ ...signature, areas: [area(0.1, 0.9, 0.3, 0.06)] }, ...many]), [])
    assert.ok(spent() < 500)
  })
})
