/**
 * Shows a bar while the form is in sight and the answer is not: on a phone thirty fields are longer than the screen. Its
 * style hides it where the answer stands beside the fields.
 */
export function showWhileAway(
  bar: HTMLElement,
  { answer, form }: { answer: HTMLElement; form: HTMLElement },
): void {
  const inSight = new Map<Element, boolean>();
  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) inSight.set(target, isIntersecting);
    bar.hidden = inSight.get(answer) !== false || !inSight.get(form);
  });
  for (const element of [answer, form]) observer.observe(element);
}
