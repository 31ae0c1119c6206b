import { itemTexts } from './deposit/item-texts.ts';
import { logTexts } from './log/log-texts.ts';
import { matterTexts } from './matter/matter-texts.ts';
import { deskTexts } from './notary/notary-texts.ts';
import type { Route } from './route.tsx';
import { type Text, texts } from './texts.ts';
import { readerTexts } from './verify/reader-texts.ts';

export interface NavigationEntry {
  to: string;
  text: Text;
  /** The pages on which it is the current entry. */
  pages: readonly Route['page'][];
  /** Who is offered it: everyone, signed in or not; or who acts in one of these roles. The service decides for itself what it answers. */
  offeredTo: 'everyone' | readonly string[];
}

/** The main navigation, in its order. A reader sees what he can do something with, and nothing else. */
export const NAVIGATION: readonly NavigationEntry[] = [
  { to: '/', text: texts.navHome, pages: ['home'], offeredTo: 'everyone' },
  { to: '/hand-in', text: texts.navHandIn, pages: ['hand-in'], offeredTo: ['holder', 'capture-operator'] },
  { to: '/deposits', text: texts.navDeposits, pages: ['deposits'], offeredTo: ['holder', 'capture-operator'] },
  {
    to: '/desk',
    text: deskTexts.nav,
    pages: ['desk', 'desk-verify', 'desk-request'],
    offeredTo: ['notary', 'mediator'],
  },
  {
    to: '/matters',
    text: matterTexts.navMatters,
    pages: ['matters', 'new-matter', 'matter'],
    offeredTo: ['holder', 'capture-operator'],
  },
  {
    to: '/received',
    text: matterTexts.navReceived,
    pages: ['received'],
    offeredTo: ['holder', 'notary', 'mediator', 'reader', 'officer', 'platform-reviewer', 'opponent'],
  },
  {
    to: '/hand-overs',
    text: itemTexts.navHandOvers,
    pages: ['hand-overs'],
    offeredTo: ['holder', 'notary', 'reader', 'officer'],
  },
  { to: '/verify', text: texts.navVerify, pages: ['verify'], offeredTo: 'everyone' },
  { to: '/read', text: readerTexts.navRead, pages: ['read'], offeredTo: 'everyone' },
  { to: '/log', text: logTexts.navLog, pages: ['log'], offeredTo: 'everyone' },
  { to: '/operation', text: logTexts.navOperator, pages: ['operation'], offeredTo: ['operator', 'auditor'] },
];

/** @param roles of the caller; undefined if he is not signed in */
export function navigationFor(roles: readonly string[] | undefined): NavigationEntry[] {
  return NAVIGATION.filter(
    ({ offeredTo }) => offeredTo === 'everyone' || roles?.some((role) => offeredTo.includes(role)) === true,
  );
}
