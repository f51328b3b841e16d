/** Template strings, which are made while staging. */
import type { ts } from "ts-morph";
import { callValue } from "./calls.js";
import { evaluate } from "./expressions.js";
import type { Frame, Machine, Site } from "./machine.js";
import { getMember } from "./members.js";
import { toPrimitive } from "./reify.js";
import { staticValue, UNDEFINED, type Value } from "./values.js";

/** `a${x}b` */
export const template = (m: Machine, frame: Frame, node: ts.TemplateExpression, site: Site): Value => {
  const parts = node.templateSpans.map(
    ({ expression, literal }) =>
      `${String(toPrimitive(site, evaluate(m, frame, expression)))}${literal.text}`,
  );
  return staticValue(node.head.text + parts.join(""));
};

/** tag`a${x}b`: the tag is called with the texts, which it also has as they were typed, and the values. */
export const taggedTemplate = (
  m: Machine,
  frame: Frame,
  node: ts.TaggedTemplateExpression,
  site: Site,
): Value => {
  const { ts } = m;
  const { tag, template: text } = node;
  const isMethod = ts.isPropertyAccessExpression(tag);
  const self = isMethod ? evaluate(m, frame, tag.expression) : UNDEFINED;
  const callee = isMethod ? getMember(site, self, staticValue(tag.name.text)) : evaluate(m, frame, tag);
  const [pieces, values] = ts.isNoSubstitutionTemplateLiteral(text)
    ? [[text], []]
    : [
        [text.head, ...text.templateSpans.map((s) => s.literal)],
        text.templateSpans.map((s) => evaluate(m, frame, s.expression)),
      ];
  const texts = pieces.map((p) => p.text);
  const raw = pieces.map((p) => p.rawText ?? p.text);
  const strings = Object.freeze(Object.assign(texts, { raw: Object.freeze(raw) }));
  return callValue(site, callee, [staticValue(strings), ...values], self);
};
