import assert from 'node:assert/strict'
import { exampleCompany } from '../../../../test/helpers/test-host.js'
import { templateRole } from '../../models/role.js'
import { textContent } from '../../models/template.js'
import { plainTexts } from '../written/plain-text.js'

describe('a written document for who listens', () => {
  it('is said in each language as it stands on paper: title, numbered clauses, lists, values', () => {
    const content = textContent.parse({
      kind: 'text',
      languages: ['ar', 'en'],
      title: { ar: 'عقد عمل', en: 'Employment contract' },
      clauses: [
        {
          heading: { ar: 'الأجر', en: 'Wage' },
          body: { ar: 'الأجر **{{pay.basic}}** شهرياً.', en: 'The wage is **{{pay.basic}}** a month.\n\n- paid monthly\n- in riyals' },
        },
      ],
      mergeFields: [{ name: 'pay.basic', label: { ar: 'الأجر', en: 'Wage' }, type: 'number' }],
    })
    const roles = [templateRole.parse({ id: 'employee', name: 'Employee' })]
    const company = { ...exampleCompany('one'), id: '00000000-0000-4000-8000-000000000000' }
    const [arabic, english] = plainTexts({ content, roles }, company, { 'pay.basic': '9000.00' }, new Date('2026-11-22T10:00:00Z'))
    assert.deepEqual([arabic?.direction, english?.direction], ['rtl', 'ltr'])
    assert.equal(arabic?.text, 'عقد عمل\n1. الأجر\nالأجر 9,000.00 شهرياً.')
    assert.equal(english?.text, 'Employment contract\n1. Wage\nThe wage is 9,000.00 a month.\npaid monthly\nin riyals')
  })
})
