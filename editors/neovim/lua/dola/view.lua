---The tab of a review: the buffer on the left, what is proposed on the right.

local hunks = require('dola.hunks')

local api = vim.api

---What the server answers when it is asked for a proposal's text.
---@class dola.Text
---@field uri string
---@field label string
---@field reason string Why it was not applied.
---@field refused boolean
---@field after string
---@field hunks dola.Hunk[]
---@field stale string Why it does not fit the buffer any more; empty where it does.

---@class dola.Review
---@field id string
---@field client vim.lsp.Client
---@field text dola.Text
---@field bufnr integer The buffer that would be changed.
---@field proposed integer A scratch buffer with the text after.
---@field left integer The window of the one …
---@field right integer … and of the other.
---@field tab integer
---@field from integer The window to go back to.
---@field group integer
---@field asked boolean Whether an answer of the server's is awaited.
---@field closed boolean

local M = {}

---The keys in the window of the proposal: key, decision, word in the window's bar.
M.KEYS = {
  { 'a', 'accept', 'accept' },
  { 'x', 'reject', 'reject' },
  { 'A', 'all', 'all' },
  { 'q', 'close', 'close' },
  { 'R', 'retry', 'retry' },
  { 'D', 'discard', 'discard' },
}

---@param text string
---@return string
local function plain(text)
  return (text:gsub('%%', '%%%%'))
end

---@param text dola.Text
---@return string
local function left_bar(text)
  local count = #text.hunks == 1 and '1 hunk' or ('%d hunks'):format(#text.hunks)
  local state = text.refused and ('%s, refused: %s'):format(count, text.reason) or count
  if text.stale ~= '' then
    state = text.stale
  end
  return ('%%#Title# %s%%* %s%%<'):format(plain(text.label), plain(state))
end

---@param text dola.Text
---@return string
local function right_bar(text)
  local shown = {}
  for _, key in ipairs(M.KEYS) do
    local on_hunks = vim.list_contains({ 'accept', 'reject', 'all' }, key[2])
    if text.stale == '' or not on_hunks then
      table.insert(shown, ('%%#Special#%s%%* %s'):format(key[1], key[3]))
    end
  end
  return ' ' .. table.concat(shown, '  ') .. '%<'
end

---@param review { bufnr: integer, proposed: integer, text: dola.Text }
local function fill(review)
  local bufnr = review.proposed
  local lines = hunks.lines(review.text.after, vim.bo[review.bufnr].fileformat)
  if vim.deep_equal(lines, api.nvim_buf_get_lines(bufnr, 0, -1, false)) then
    return
  end
  vim.bo[bufnr].modifiable = true
  api.nvim_buf_set_lines(bufnr, 0, -1, false, lines)
  vim.bo[bufnr].modifiable = false
  vim.bo[bufnr].modified = false
end

---Show what the server said last.
---@param review dola.Review
function M.draw(review)
  -- A window may be gone whose review is about to be closed.
  if not (api.nvim_win_is_valid(review.left) and api.nvim_win_is_valid(review.right)) then
    return
  end
  fill(review)
  vim.wo[review.left][0].winbar = left_bar(review.text)
  vim.wo[review.right][0].winbar = right_bar(review.text)
  api.nvim_win_call(review.right, function()
    vim.cmd('diffupdate')
  end)
end

---Put the cursor on a hunk, in the window it is in.
---@param review dola.Review
---@param number integer
function M.go_to(review, number)
  local places = hunks.places(review.text.hunks)
  local place = places[math.min(number, #places)]
  if not place then
    return
  end
  for win, lines in pairs({ [review.left] = place.before, [review.right] = place.after }) do
    if not api.nvim_win_is_valid(win) then
      return
    end
    local last = api.nvim_buf_line_count(api.nvim_win_get_buf(win))
    api.nvim_win_set_cursor(win, { math.min(lines.first, last), 0 })
  end
end

---The number of the hunk at the cursor, from 1.
---@param review dola.Review
---@return integer?
function M.number_at_cursor(review)
  local side = api.nvim_get_current_win() == review.right and 'after' or 'before'
  local lines = vim.tbl_map(function(place)
    return place[side]
  end, hunks.places(review.text.hunks))
  return hunks.at(lines, api.nvim_win_get_cursor(0)[1])
end

---Open the tab, with the cursor on the first hunk.
---@param id string
---@param client vim.lsp.Client
---@param text dola.Text
---@return dola.Review
function M.open(id, client, text)
  local bufnr = vim.uri_to_bufnr(text.uri)
  vim.fn.bufload(bufnr)
  local from = api.nvim_get_current_win()
  vim.cmd('tab split')
  local left = api.nvim_get_current_win()
  api.nvim_win_set_buf(left, bufnr)

  local proposed = api.nvim_create_buf(false, true)
  local name = vim.fs.basename(api.nvim_buf_get_name(bufnr))
  api.nvim_buf_set_name(proposed, ('dola://%d/%s/%s'):format(client.id, id, name))
  vim.bo[proposed].bufhidden = 'wipe'
  fill({ bufnr = bufnr, proposed = proposed, text = text })
  vim.bo[proposed].filetype = vim.bo[bufnr].filetype
  local right = api.nvim_open_win(proposed, true, { split = 'right', win = left })

  ---@type dola.Review
  local review = {
    id = id,
    client = client,
    text = text,
    bufnr = bufnr,
    proposed = proposed,
    left = left,
    right = right,
    tab = api.nvim_get_current_tabpage(),
    from = from,
    group = 0,
    asked = false,
    closed = false,
  }
  for _, win in ipairs({ left, right }) do
    api.nvim_win_call(win, function()
      vim.cmd('diffthis')
    end)
  end
  M.draw(review)
  M.go_to(review, 1)
  return review
end

---Give the windows back, and go to where the tab was opened from.
---@param review dola.Review
function M.close(review)
  local here = api.nvim_get_current_tabpage() == review.tab
  if here and api.nvim_win_is_valid(review.from) then
    api.nvim_set_current_win(review.from)
  end
  if api.nvim_win_is_valid(review.right) then
    api.nvim_win_close(review.right, true)
  end
  if not api.nvim_win_is_valid(review.left) then
    return
  end
  api.nvim_win_call(review.left, function()
    vim.cmd('diffoff')
  end)
  vim.wo[review.left][0].winbar = ''
  -- It is the last window of all where the user has closed the others.
  pcall(api.nvim_win_close, review.left, false)
end

return M
