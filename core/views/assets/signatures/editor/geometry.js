/**
 * Places of fields. Two ways to say a place: an area in fractions of the page as its reader sees it (what is stored), and a rectangle
 * in points from the page's upper left corner (what is moved and compared). Neither knows of zoom or pixels.
 */

/** Sizes in points that a new field gets. */
const usualSizes = {
  signature: [180, 48],
  initials: [60, 28],
  name: [170, 20],
  email: [180, 20],
  phone: [130, 20],
  company: [170, 20],
  date: [100, 20],
  text: [170, 20],
  multiline: [230, 64],
  number: [90, 20],
  checkbox: [14, 14],
  radio: [14, 14],
  select: [150, 20],
  stamp: [113, 113],
  attachment: [170, 26],
}

export function usualSize(type) {
  const [width, height] = usualSizes[type] ?? [150, 20]
  return { width, height }
}

/** Below this a field can neither be read nor hit. */
export function smallestSize(type) {
  if (type === 'checkbox' || type === 'radio') return { width: 8, height: 8 }
  if (type === 'signature') return { width: 48, height: 18 }
  if (type === 'stamp') return { width: 42, height: 42 }
  return { width: 18, height: 9 }
}

export const handles = ['nw', 'n', 'ne', 'e', 'se', 's', 'sw', 'w']

export function toPoints(area, page) {
  return { x: area.x * page.width, y: area.y * page.height, width: area.width * page.width, height: area.height * page.height }
}

/** Six decimals: finer than a thousandth of a point on any page. The far edge never leaves the page by rounding. */
export function toFractions(rect, page) {
  const x = fraction(rect.x / page.width)
  const y = fraction(rect.y / page.height)
  return {
    x,
    y,
    width: round(Math.min(fraction(rect.width / page.width), 1 - x)),
    height: round(Math.min(fraction(rect.height / page.height), 1 - y)),
  }
}

function round(value) {
  return Math.round(value * 1e6) / 1e6
}

function fraction(value) {
  return round(Math.min(Math.max(value, 0), 1))
}

function between(value, low, high) {
  return Math.max(low, Math.min(value, Math.max(low, high)))
}

/** The rectangle, pushed back into its page; one larger than the page is cut to it. */
export function keepInside(rect, page) {
  const width = Math.min(rect.width, page.width)
  const height = Math.min(rect.height, page.height)
  return { x: between(rect.x, 0, page.width - width), y: between(rect.y, 0, page.height - height), width, height }
}

/** Largest step in the wished direction that leaves every rectangle on its page: a group moves as one. */
export function stepTogether(rects, dx, dy) {
  let [left, right, up, down] = [-Infinity, Infinity, -Infinity, Infinity]
  for (const { rect, page } of rects) {
    left = Math.max(left, -rect.x)
    right = Math.min(right, page.width - rect.x - rect.width)
    up = Math.max(up, -rect.y)
    down = Math.min(down, page.height - rect.y - rect.height)
  }
  return { dx: between(dx, Math.min(left, 0), Math.max(right, 0)), dy: between(dy, Math.min(up, 0), Math.max(down, 0)) }
}

/**
 * Drags one of the eight handles. The opposite edge stays where it is, the moved one stays on the page and away from it by the
 * smallest size; `keepRatio` holds width to height at corners.
 */
export function resize(rect, handle, dx, dy, page, smallest, keepRatio = false) {
  let [left, top, right, bottom] = [rect.x, rect.y, rect.x + rect.width, rect.y + rect.height]
  const width = Math.min(smallest.width, rect.width)
  const height = Math.min(smallest.height, rect.height)
  if (handle.includes('w')) left = between(left + dx, 0, right - width)
  if (handle.includes('e')) right = between(right + dx, left + width, page.width)
  if (handle.includes('n')) top = between(top + dy, 0, bottom - height)
  if (handle.includes('s')) bottom = between(bottom + dy, top + height, page.height)
  if (keepRatio && handle.length === 2) {
    const factor = Math.max((right - left) / rect.width, (bottom - top) / rect.height)
    const room = Math.min(
      factor,
      (handle.includes('w') ? right : page.width - left) / rect.width,
      (handle.includes('n') ? bottom : page.height - top) / rect.height,
    )
    if (handle.includes('w')) left = right - rect.width * room
    else right = left + rect.width * room
    if (handle.includes('n')) top = bottom - rect.height * room
    else bottom = top + rect.height * room
  }
  return { x: left, y: top, width: right - left, height: bottom - top }
}

/** Rectangle between two corners, in whichever order they were given. */
export function spanned(one, other) {
  return {
    x: Math.min(one.x, other.x),
    y: Math.min(one.y, other.y),
    width: Math.abs(one.x - other.x),
    height: Math.abs(one.y - other.y),
  }
}

export function touches(one, other) {
  return one.x < other.x + other.width && other.x < one.x + one.width && one.y < other.y + other.height && other.y < one.y + one.height
}

/** Smallest rectangle around all. */
export function around(rects) {
  const x = Math.min(...rects.map((rect) => rect.x))
  const y = Math.min(...rects.map((rect) => rect.y))
  return {
    x,
    y,
    width: Math.max(...rects.map((rect) => rect.x + rect.width)) - x,
    height: Math.max(...rects.map((rect) => rect.y + rect.height)) - y,
  }
}

/**
 * Order in which somebody reads: by page, then line by line, from the side where the language begins. Places whose middles lie within
 * one line's height are on one line.
 */
export function readingOrder(places, pages, direction) {
  const rows = places
    .map((place) => ({ place, rect: toPoints(place.area, pages[place.area.page - 1] ?? { width: 595, height: 842 }) }))
    .sort((one, other) => one.place.area.page - other.place.area.page || one.rect.y - other.rect.y)
  const ordered = []
  let line = []
  let bottom = 0
  let page = 0
  const flush = () => {
    line.sort((one, other) => (direction === 'rtl' ? other.rect.x - one.rect.x : one.rect.x - other.rect.x))
    ordered.push(...line)
    line = []
  }
  for (const row of rows) {
    const middle = row.rect.y + Math.min(row.rect.height, 24) / 2
    if (line.length > 0 && (row.place.area.page !== page || middle > bottom)) flush()
    if (line.length === 0) {
      page = row.place.area.page
      bottom = row.rect.y + Math.min(row.rect.height, 24)
    }
    line.push(row)
  }
  flush()
  return ordered.map((row) => row.place)
}
