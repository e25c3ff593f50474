/** Lines that a moved field is drawn to: margins and middle of the page, edges and middles of its neighbours. All in points. */

/** Distance from the edge of the paper that most letters keep. */
export const pageMargin = 36

function lines(others, page, axis) {
  const length = axis === 'x' ? page.width : page.height
  const size = axis === 'x' ? 'width' : 'height'
  const found = [
    { at: pageMargin, of: 'page' },
    { at: length / 2, of: 'page', middle: true },
    { at: length - pageMargin, of: 'page' },
  ]
  for (const other of others) {
    for (const part of [0, 0.5, 1]) found.push({ at: other[axis] + other[size] * part, of: 'field', part, rect: other })
  }
  return found
}

/** Nearest line to any of the places; edges win over middles at the same distance, fields over the page. */
function nearest(places, candidates, tolerance) {
  let best
  for (const place of places) {
    for (const line of candidates) {
      // The middle of the paper is for middles: an edge there means nothing.
      if (line.middle && place.part !== 0.5) continue
      const distance = Math.abs(line.at - place.at)
      if (distance > tolerance) continue
      const cost = distance + (place.part === 0.5 ? 0.02 : 0) + (line.part === 0.5 ? 0.02 : 0) + (line.of === 'page' ? 0.01 : 0)
      if (best === undefined || cost < best.cost) best = { cost, shift: line.at - place.at, line }
    }
  }
  return best
}

function guide(axis, line, rect, page) {
  const [start, size] = axis === 'x' ? ['y', 'height'] : ['x', 'width']
  if (line.of === 'page') return { axis, at: line.at, from: 0, to: axis === 'x' ? page.height : page.width }
  return {
    axis,
    at: line.at,
    from: Math.min(rect[start], line.rect[start]),
    to: Math.max(rect[start] + rect[size], line.rect[start] + line.rect[size]),
  }
}

/**
 * Where a moved rectangle comes to stand.
 * @param tolerance points within which it is drawn to a line
 * @returns the rectangle, and the lines to show
 */
export function snapMove(rect, others, page, tolerance) {
  const settled = { ...rect }
  const hits = {}
  for (const axis of ['x', 'y']) {
    const size = axis === 'x' ? rect.width : rect.height
    const places = [0, 0.5, 1].map((part) => ({ at: rect[axis] + size * part, part }))
    const hit = nearest(places, lines(others, page, axis), tolerance)
    if (hit === undefined) continue
    settled[axis] += hit.shift
    hits[axis] = hit.line
  }
  const guides = Object.entries(hits).map(([axis, line]) => guide(axis, line, settled, page))
  return { rect: settled, guides }
}

/**
 * Where the dragged edges come to stand: at a line, else where the field gets the width or height of a neighbour.
 * @returns the rectangle, the lines to show, and the neighbours whose size it took
 */
export function snapResize(rect, handle, others, page, tolerance) {
  const settled = { ...rect }
  const guides = []
  const equals = []
  for (const axis of ['x', 'y']) {
    const size = axis === 'x' ? 'width' : 'height'
    const low = handle.includes(axis === 'x' ? 'w' : 'n')
    const high = handle.includes(axis === 'x' ? 'e' : 's')
    if (!low && !high) continue
    const edge = low ? rect[axis] : rect[axis] + rect[size]
    const far = low ? rect[axis] + rect[size] : rect[axis]
    const hit = nearest([{ at: edge, part: low ? 0 : 1 }], lines(others, page, axis), tolerance)
    const twin = others.filter((other) => Math.abs(other[size] - rect[size]) <= tolerance).sort((a, b) => off(a) - off(b))[0]
    function off(other) {
      return Math.abs(other[size] - rect[size])
    }
    if (twin !== undefined && (hit === undefined || off(twin) < Math.abs(hit.shift))) {
      settled[size] = twin[size]
      if (low) settled[axis] = far - twin[size]
      equals.push({ axis, rect: twin })
    } else if (hit !== undefined && Math.abs(hit.line.at - far) > 1) {
      if (low) settled[axis] = hit.line.at
      settled[size] = Math.abs(far - hit.line.at)
      guides.push({ axis, line: hit.line })
    }
  }
  return { rect: settled, guides: guides.map(({ axis, line }) => guide(axis, line, settled, page)), equals }
}
