import { freePort } from '../../src/evaluation/child-process.ts';
import { ServiceWorld, type WorldOptions } from '../http/service-world.ts';
import { builtPages } from './built-pages.ts';

/** The service on real parts with the pages as they are now, and users who sign in on them. */
export async function openWorldWithPages(
  options: Pick<WorldOptions, 'limits' | 'people'> = {},
): Promise<{ world: ServiceWorld; origin: string }> {
  // Cookies and passkeys are bound to the address of the page, which must be known beforehand.
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const pagesFolder = await builtPages();
  const world = await ServiceWorld.open({
    ...options,
    port,
    people: { ...options.people, publicUrl: origin },
    changeParts: (parts) => ({ ...parts, pagesFolder }),
  });
  return { world, origin };
}
