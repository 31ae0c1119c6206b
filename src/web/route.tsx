import { createContext, type MouseEvent, type ReactNode, useContext, useEffect, useState } from 'react';

/** Parts of the account page, in their order; the first is the page itself. */
export const ACCOUNT_SECTIONS = ['overview', 'organisations', 'keys', 'security', 'notices'] as const;
export type AccountSection = (typeof ACCOUNT_SECTIONS)[number];

/** Parts of the page about operation, in their order; the first is the page itself. */
export const OPERATION_SECTIONS = ['health', 'accounts', 'keys', 'storage', 'profile'] as const;
export type OperationSection = (typeof OPERATION_SECTIONS)[number];

export type Route =
  | { page: 'home' }
  | { page: 'hand-in'; query: string }
  | { page: 'deposits' }
  | { page: 'deposit'; depositId: string }
  | { page: 'matters' }
  | { page: 'new-matter' }
  | { page: 'matter'; matterId: string }
  | { page: 'received' }
  | { page: 'compare'; query: string }
  | { page: 'verify' }
  | { page: 'read' }
  | { page: 'log' }
  | { page: 'operation'; section: OperationSection }
  | { page: 'account'; section: AccountSection }
  | { page: 'desk' }
  | { page: 'desk-verify' }
  | { page: 'desk-request'; requestId: string }
  | { page: 'sign-in' }
  | { page: 'sign-up' }
  | { page: 'reset-password' }
  | { page: 'invitation'; invitationId: string }
  | { page: 'shared'; secret: string }
  | { page: 'hand-over' }
  | { page: 'hand-overs' }
  | { page: 'not-found' };

/** @param address path, and what follows a `?` */
export function parseRoute(address: string): Route {
  const [path = '', query = ''] = address.split('?', 2);
  const parts = path.split('/').filter((part) => part !== '');
  const [first, second, ...rest] = parts;
  if (rest.length > 0) return { page: 'not-found' };
  if (first === undefined) return { page: 'home' };
  if (first === 'hand-in' && second === undefined) return { page: 'hand-in', query };
  if (first === 'verify' && second === undefined) return { page: 'verify' };
  if ((first === 'read' || first === 'log') && second === undefined) return { page: first };
  if (first === 'desk') {
    if (second === undefined) return { page: 'desk' };
    return second === 'verify' ? { page: 'desk-verify' } : { page: 'desk-request', requestId: second };
  }
  if (first === 'hand-over' && second === undefined) return { page: 'hand-over' };
  if (first === 'hand-overs' && second === undefined) return { page: 'hand-overs' };
  if (first === 'compare' && second === undefined) return { page: 'compare', query };
  if (first === 'shared' && second !== undefined) return { page: 'shared', secret: second };
  if ((first === 'sign-in' || first === 'sign-up' || first === 'reset-password') && second === undefined) {
    return { page: first };
  }
  if (first === 'operation') {
    const section = OPERATION_SECTIONS.find((each) => each === (second ?? 'health'));
    return section === undefined || second === 'health' ? { page: 'not-found' } : { page: 'operation', section };
  }
  if (first === 'account') {
    const section = ACCOUNT_SECTIONS.find((each) => each === (second ?? 'overview'));
    return section === undefined || second === 'overview' ? { page: 'not-found' } : { page: 'account', section };
  }
  if (first === 'invitations' && second !== undefined) return { page: 'invitation', invitationId: second };
  if (first === 'matters') {
    if (second === undefined) return { page: 'matters' };
    return second === 'new' ? { page: 'new-matter' } : { page: 'matter', matterId: second };
  }
  if (first === 'received' && second === undefined) return { page: 'received' };
  if (first === 'deposits') return second === undefined ? { page: 'deposits' } : { page: 'deposit', depositId: second };
  return { page: 'not-found' };
}

const RouteContext = createContext<{ route: Route; go: (path: string) => void }>({
  route: { page: 'not-found' },
  go: () => {},
});

export function RouteProvider({ children }: { children: ReactNode }) {
  const [address, setAddress] = useState(here);
  useEffect(() => {
    const follow = () => setAddress(here());
    addEventListener('popstate', follow);
    return () => removeEventListener('popstate', follow);
  }, []);
  const go = (to: string) => {
    history.pushState(null, '', to);
    setAddress(here());
    scrollTo(0, 0);
  };
  return <RouteContext value={{ route: parseRoute(address), go }}>{children}</RouteContext>;
}

function here(): string {
  return location.pathname + location.search;
}

export function useRoute() {
  return useContext(RouteContext);
}

interface LinkProps {
  to: string;
  current?: boolean;
  children: ReactNode;
}

/** An ordinary link that stays within the page unless the reader asks for a new tab. */
export function Link({ to, current = false, children }: LinkProps) {
  const { go } = useRoute();
  const follow = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button !== 0) return;
    event.preventDefault();
    go(to);
  };
  return (
    <a href={to} onClick={follow} aria-current={current ? 'page' : undefined}>
      {children}
    </a>
  );
}
