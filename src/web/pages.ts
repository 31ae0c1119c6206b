import { lazy } from 'react';

/** The pages of the site but the first: the program of each comes when it is first gone to. */

export const AccountPage = lazy(async () => ({ default: (await import('./account/account-page.tsx')).AccountPage }));
export const ComparePage = lazy(async () => ({ default: (await import('./compare/compare-page.tsx')).ComparePage }));
export const DepositListPage = lazy(async () => ({
  default: (await import('./deposit/deposit-list-page.tsx')).DepositListPage,
}));
export const DepositPage = lazy(async () => ({ default: (await import('./deposit/deposit-page.tsx')).DepositPage }));
export const HandInPage = lazy(async () => ({ default: (await import('./hand-in/hand-in-page.tsx')).HandInPage }));
export const LogPage = lazy(async () => ({ default: (await import('./log/log-page.tsx')).LogPage }));
export const MatterListPage = lazy(async () => ({
  default: (await import('./matter/matter-list-page.tsx')).MatterListPage,
}));
export const MatterPage = lazy(async () => ({ default: (await import('./matter/matter-page.tsx')).MatterPage }));
export const NewMatterPage = lazy(async () => ({
  default: (await import('./matter/new-matter-page.tsx')).NewMatterPage,
}));
export const ReceivedPage = lazy(async () => ({ default: (await import('./matter/received-page.tsx')).ReceivedPage }));
export const BulkPage = lazy(async () => ({ default: (await import('./notary/bulk-page.tsx')).BulkPage }));
export const DeskPage = lazy(async () => ({ default: (await import('./notary/desk-page.tsx')).DeskPage }));
export const RequestPage = lazy(async () => ({ default: (await import('./notary/request-page.tsx')).RequestPage }));
export const OperationPage = lazy(async () => ({
  default: (await import('./operation/operation-page.tsx')).OperationPage,
}));
export const HandOverPage = lazy(async () => ({
  default: (await import('./sharing/hand-over-page.tsx')).HandOverPage,
}));
export const HandOversPage = lazy(async () => ({
  default: (await import('./sharing/hand-overs-page.tsx')).HandOversPage,
}));
export const SharedPage = lazy(async () => ({ default: (await import('./sharing/shared-page.tsx')).SharedPage }));
export const InvitationPage = lazy(async () => ({
  default: (await import('./sign-in/invitation-page.tsx')).InvitationPage,
}));
export const ResetPasswordPage = lazy(async () => ({
  default: (await import('./sign-in/reset-password-page.tsx')).ResetPasswordPage,
}));
export const SignInPage = lazy(async () => ({ default: (await import('./sign-in/sign-in-page.tsx')).SignInPage }));
export const SignUpPage = lazy(async () => ({ default: (await import('./sign-in/sign-up-page.tsx')).SignUpPage }));
export const VerifyPage = lazy(async () => ({ default: (await import('./verify/verify-page.tsx')).VerifyPage }));
