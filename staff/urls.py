"""The addresses of the door, of one's own account (allauth's names are those it asks for), and of
the firm's own pages."""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LogoutView
from django.urls import URLPattern, path
from django.views.generic import RedirectView

from staff import firm_views
from staff.door import pages, sso
from staff.door.admin_login import admin_login
from staff.door.again import asks_again
from staff.door.views import ChangePassword, RemovePasskey, SignIn
from staff.views import absence_end, absence_list

_sign_in = SignIn.as_view()
_BRANCH = "branches/<str:branch_code>"
_PERSON = "people/<str:username>"

urlpatterns: list[URLPattern] = [
    path("sign-in/", _sign_in, name="sign-in"),
    path("sign-in/", _sign_in, name="account_login"),
    path(
        "sign-in/code/", login_not_required(asks_again(mfa.authenticate)), name="mfa_authenticate"
    ),
    path("sign-out/", login_not_required(LogoutView.as_view(next_page="sign-in")), name="sign-out"),
    path("back-office/login/", login_not_required(admin_login), name="admin-login"),
    path(
        "back-office/password_change/",
        RedirectView.as_view(pattern_name="account_change_password"),
        name="admin-password-change",
    ),
    path("oidc/<slug:provider_id>/", login_not_required(sso.leave), name="openid_connect_login"),
    path(
        "oidc/<slug:provider_id>/callback/",
        login_not_required(sso.come_back),
        name="openid_connect_callback",
    ),
    path("password/forgotten/", account.password_reset, name="account_reset_password"),
    path(
        "password/forgotten/sent/",
        account.password_reset_done,
        name="account_reset_password_done",
    ),
    path(
        "password/new/<slug:uidb36>/<slug:key>/",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("account/password/", ChangePassword.as_view(), name="account_change_password"),
    path("account/confirm/", asks_again(account.reauthenticate), name="account_reauthenticate"),
    path("account/confirm/code/", asks_again(mfa.reauthenticate), name="mfa_reauthenticate"),
    path(
        "account/confirm/passkey/",
        asks_again(passkeys.reauthenticate_webauthn),
        name="mfa_reauthenticate_webauthn",
    ),
    path("account/second-factor/", mfa.index, name="mfa_index"),
    path("account/second-factor/app/", asks_again(totp.activate_totp), name="mfa_activate_totp"),
    path(
        "account/second-factor/app/off/",
        asks_again(totp.deactivate_totp),
        name="mfa_deactivate_totp",
    ),
    path(
        "account/second-factor/passkeys/new/",
        asks_again(passkeys.add_webauthn),
        name="mfa_add_webauthn",
    ),
    path(
        "account/second-factor/passkeys/<int:pk>/removal/",
        asks_again(RemovePasskey.as_view()),
        name="mfa_remove_webauthn",
    ),
    path(
        "account/second-factor/codes/",
        asks_again(codes.view_recovery_codes),
        name="mfa_view_recovery_codes",
    ),
    path(
        "account/second-factor/codes/new/",
        asks_again(codes.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path("account/sessions/", pages.session_list, name="session-list"),
    path("account/sessions/end-others/", pages.session_end_others, name="session-end-others"),
    path("account/sessions/<int:stay_id>/end/", pages.session_end, name="session-end"),
    path("account/tokens/", pages.token_list, name="token-list"),
    path("account/tokens/new/", asks_again(pages.token_new), name="token-new"),
    path("account/tokens/<int:grant_id>/end/", pages.token_revoke, name="token-revoke"),
    path("branches/", firm_views.branch_list, name="branch-list"),
    path("branches/new/", firm_views.branch_new, name="branch-new"),
    path(f"{_BRANCH}/", firm_views.branch, name="branch"),
    path(f"{_BRANCH}/name/", firm_views.branch_rename, name="branch-rename"),
    path(f"{_BRANCH}/place/", firm_views.branch_move, name="branch-move"),
    path(f"{_BRANCH}/closure/", firm_views.branch_close, name="branch-close"),
    path(f"{_BRANCH}/details/", firm_views.branch_edit, name="branch-edit"),
    path("volumes/", firm_views.volume_list, name="volumes"),
    path("people/", firm_views.people_list, name="people"),
    path("people/new/", firm_views.person_new, name="person-new"),
    path(f"{_PERSON}/", firm_views.person, name="person"),
    path(f"{_PERSON}/details/", firm_views.person_edit, name="person-edit"),
    path(f"{_PERSON}/posts/", firm_views.post_new, name="post-new"),
    path(f"{_PERSON}/posts/cancellation/", firm_views.post_cancel, name="post-cancel"),
    path("absences/", absence_list, name="absence-list"),
    path("absences/<int:absence_id>/end/", absence_end, name="absence-end"),
]
