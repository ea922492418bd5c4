;;; example-init.el --- What to put into the init file for Dola  -*- lexical-binding: t; -*-

;;; Commentary:

;; dola.el and dola-eglot.el lie in ~/.emacs.d/lisp/ here; any other folder does as well.

;;; Code:

(add-to-list 'load-path (expand-file-name "lisp" user-emacs-directory))

(require 'dola)
(dola-setup)

;; The keys are yours to choose; Dola itself sets none.
(define-key eglot-mode-map (kbd "C-c d e") #'dola-explain)
(define-key eglot-mode-map (kbd "C-c d r") #'dola-refactor)
(define-key eglot-mode-map (kbd "C-c d t") #'dola-generate-tests)
(define-key eglot-mode-map (kbd "C-c d m") #'dola-document)
(define-key eglot-mode-map (kbd "C-c d f") #'dola-fix)
(define-key eglot-mode-map (kbd "C-c d d") #'dola-do)
(define-key eglot-mode-map (kbd "C-c d v") #'dola-review)
(define-key eglot-mode-map (kbd "C-c d k") #'dola-cancel)

(provide 'example-init)
;;; example-init.el ends here
