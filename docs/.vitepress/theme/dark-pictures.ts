import { useData, useRouter } from 'vitepress';
import { onMounted, watch } from 'vue';

/**
 * Shows the dark variant of each picture where the site is dark. A code host goes by the reader's system; the site has a
 * switch of its own, which a `<source>` does not follow.
 */
export function useDarkPictures(): void {
  const { isDark } = useData();
  const router = useRouter();
  const choose = () => {
    for (const source of document.querySelectorAll<HTMLSourceElement>('picture > source[media]')) {
      source.media = isDark.value ? 'all' : 'not all';
    }
  };
  onMounted(() => {
    choose();
    watch([isDark, () => router.route.path], choose, { flush: 'post' });
  });
}
