/** Keeps in a list's `data-more` at which ends it has more than is seen: `above`, `below` or both. Its style fades there. */
export function markMore(list: HTMLElement): void {
  const update = () => {
    const { scrollTop, clientHeight, scrollHeight } = list;
    const ends = { above: scrollTop > 1, below: scrollTop + clientHeight < scrollHeight - 1 };
    list.dataset.more = Object.entries(ends)
      .filter(([, has]) => has)
      .map(([end]) => end)
      .join(' ');
  };
  list.addEventListener('scroll', update, { passive: true });
  new ResizeObserver(update).observe(list);
  new MutationObserver(update).observe(list, { childList: true });
}
