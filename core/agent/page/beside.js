// Beside what waits: the tokens at this PC, the hosts it signs for, what was signed and refused.
import { bdi, byId, dateText, el, t } from './page.js'

export function drawBeside(state) {
  drawTokens(state)
  drawHosts(state)
  drawHistory(state)
}

function drawTokens({ tokens, libraries }) {
  const parts = [el('h2', {}, t('tokens'))]
  for (const { message } of libraries.failed) parts.push(el('p', { class: 'note warn small' }, message))
  if (tokens.length === 0) parts.push(el('p', { class: 'soft' }, t('tokens.none')))
  for (const token of tokens) {
    const keys = token.keys.map(({ certificate, label, algorithm }) => {
      if (certificate === null)
        return el(
          'li',
          { class: 'small' },
          bdi(label || '—'),
          ' ',
          bdi(algorithm, { dir: 'ltr', class: 'soft' }),
          el('div', { class: 'soft' }, t('key.bare')),
        )
      const facts = { date: dateText(certificate.notAfter), days: certificate.days }
      const kind = { valid: 'soft', ending: 'note warn', expired: 'note bad' }[certificate.state]
      return el(
        'li',
        { class: 'small' },
        el('div', {}, bdi(certificate.holder)),
        certificate.vat === null ? null : el('div', { class: 'soft' }, `${t('key.vat')}: `, bdi(certificate.vat, { dir: 'ltr' })),
        el('div', { class: 'soft' }, `${t('key.issuer')}: `, bdi(certificate.issuer)),
        el('div', { class: kind }, t(`key.${certificate.state}`, facts)),
      )
    })
    parts.push(
      el('div', { class: 'name' }, bdi(token.label)),
      el('div', { class: 'soft small' }, bdi(token.serial, { dir: 'ltr' }), token.model === '' ? '' : ' · ', bdi(token.model)),
      token.pinLocked ? el('p', { class: 'note bad small' }, t('pin.locked')) : null,
      el('ul', {}, ...keys),
    )
  }
  byId('tokens').replaceChildren(...parts.filter((part) => part !== null))
}

function drawHosts({ hosts }) {
  byId('hosts').hidden = hosts.length === 0
  const rows = hosts.map((host) =>
    el(
      'li',
      { class: 'small' },
      el('div', { class: 'name' }, bdi(host.company)),
      el(
        'div',
        { class: { online: 'soft', refused: 'note bad', stranger: 'note bad' }[host.state] ?? 'note warn' },
        t(`host.${host.state}`),
        ' · ',
        bdi(host.url, { dir: 'ltr' }),
      ),
      el('details', {}, el('summary', {}, t('host.key')), bdi(host.hostKey, { dir: 'ltr', class: 'code' })),
    ),
  )
  byId('hosts').replaceChildren(el('h2', {}, t('hosts')), el('ul', {}, ...rows))
}

function drawHistory({ history, historyBrokenAt: broken }) {
  const rows = history.slice(0, 12).map((entry) => {
    const labels = (entry.documents ?? []).map(({ label }) => label).join(' · ')
    const rest = [entry.reason, entry.code].filter((text) => text !== null).join(' · ')
    return el(
      'li',
      { class: 'small' },
      el('div', {}, t(`event.${entry.event}`), labels === '' ? '' : ' — ', bdi(labels)),
      el('div', { class: 'soft' }, dateText(entry.at, true), rest === '' ? '' : ' · ', bdi(rest)),
    )
  })
  byId('history').replaceChildren(
    el('h2', {}, t('history')),
    rows.length === 0 ? el('p', { class: 'soft' }, t('history.none')) : el('ul', {}, ...rows),
    broken === null
      ? el('p', { class: 'soft small', hidden: rows.length === 0 }, t('history.intact'))
      : el('p', { class: 'note bad small' }, t('history.broken', { entry: broken })),
  )
}
