/** What an element is made with: attributes by name; `on` and `off` of a boolean one by true and false. */
type Attributes = Readonly<Record<string, string | number | boolean | undefined>>

type Child = Node | string | undefined | false

/** An element. Texts become text nodes: what a device says is never markup. */
export function h(name: string, attributes: Attributes = {}, ...children: readonly Child[]): HTMLElement {
  const element = document.createElement(name)
  set(element, attributes)
  append(element, children)
  return element
}

/** An element of SVG. */
export function svg(name: string, attributes: Attributes = {}, ...children: readonly Child[]): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name)
  set(element, attributes)
  append(element, children)
  return element
}

function set(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue
    element.setAttribute(name, value === true ? '' : String(value))
  }
}

function append(element: Element, children: readonly Child[]): void {
  for (const child of children) if (child !== undefined && child !== false) element.append(child)
}

/**
 * Makes what `old` shows the same as `fresh`, by changing only what differs: whoever reads or types there keeps their
 * place. Children are the same by `data-key`, or by their order. What an element with `data-own` holds is its own.
 */
export function morph(old: Element, fresh: Element): void {
  morphAttributes(old, fresh)
  if (old.hasAttribute('data-own')) return
  const keyed = new Map<string, Element>()
  for (const child of old.children) {
    const key = child.getAttribute('data-key')
    if (key !== null) keyed.set(key, child)
  }
  let place: ChildNode | null = old.firstChild
  for (const child of [...fresh.childNodes]) {
    const match = matchFor(child, place, keyed)
    if (match === undefined) {
      old.insertBefore(child, place)
      continue
    }
    if (match === place) place = place.nextSibling
    else old.insertBefore(match, place)
    if (match instanceof Element && child instanceof Element) morph(match, child)
    else if (match.nodeValue !== child.nodeValue) match.nodeValue = child.nodeValue
  }
  while (place !== null) {
    const next: ChildNode | null = place.nextSibling
    place.remove()
    place = next
  }
}

function matchFor(
  child: ChildNode,
  place: ChildNode | null,
  keyed: ReadonlyMap<string, Element>,
): ChildNode | undefined {
  const key = child instanceof Element ? child.getAttribute('data-key') : null
  if (key !== null) {
    const known = keyed.get(key)
    return known?.nodeName === child.nodeName ? known : undefined
  }
  if (place === null || place.nodeName !== child.nodeName) return undefined
  return place instanceof Element && place.hasAttribute('data-key') ? undefined : place
}

/** Whether a `<details>` is open is the reader's to say, what stands in a field the writer's. */
const readersOwn: ReadonlySet<string> = new Set(['open'])

function morphAttributes(old: Element, fresh: Element): void {
  for (const { name, value } of [...fresh.attributes]) {
    if (!readersOwn.has(name) && old.getAttribute(name) !== value) old.setAttribute(name, value)
  }
  for (const { name } of [...old.attributes]) {
    if (!readersOwn.has(name) && !fresh.hasAttribute(name)) old.removeAttribute(name)
  }
}
